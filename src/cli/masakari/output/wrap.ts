/** As Python's textwrap has them: what a line may be broken at besides blanks are hyphens between letters, and dashes. */
const WHITE = String.raw`[\t\n\v\f\r ]`;
const LETTER = String.raw`[\p{L}\p{Nl}_]`;
const WORD = String.raw`[\p{L}\p{N}_]`;
const INSIDE = String.raw`[\p{L}\p{N}_!"'&.,?]`;
const HYPHEN = `-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})`;
const CHUNK = new RegExp(
  `${WHITE}+|(?<=${INSIDE})-{2,}(?=${WORD})|[^\\t\\n\\v\\f\\r ]+?(?:${HYPHEN}|(?=${WHITE}|$)|(?<=${INSIDE})(?=-{2,}${WORD}))`,
  "gu",
);

/**
 * Breaks a line at blanks and hyphens as Python's `textwrap.fill` does, which openstackclient's tables use; a word that is
 * longer than a line is broken where the line ends.
 * @param width characters, at least 1
 */
export function wrap(line: string, width: number): string[] {
  const chunks = (line.replaceAll(/\s/g, " ").match(CHUNK) ?? []).map((chunk) => [...chunk]).reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop();
    const current: string[][] = [];
    let length = 0;
    for (let next = chunks.at(-1); next !== undefined && length + next.length <= width; next = chunks.at(-1)) {
      current.push(next);
      chunks.pop();
      length += next.length;
    }
    const tooLong = chunks.at(-1);
    if (tooLong !== undefined && tooLong.length > width) {
      chunks.pop();
      const end = breakAt(tooLong, width - length);
      current.push(tooLong.slice(0, end));
      if (end < tooLong.length) chunks.push(tooLong.slice(end));
    }
    if (isBlank(current.at(-1))) current.pop();
    if (current.length > 0) lines.push(current.flat().join(""));
  }
  return lines;
}

const isBlank = (chunk: readonly string[] | undefined): boolean => chunk?.every((one) => one === " ") === true;

/** After the last hyphen that fits, unless there is nothing but hyphens before it. */
function breakAt(chunk: readonly string[], space: number): number {
  const hyphen = chunk.slice(0, space).lastIndexOf("-");
  return hyphen > 0 && chunk.slice(0, hyphen).some((one) => one !== "-") ? hyphen + 1 : space;
}
