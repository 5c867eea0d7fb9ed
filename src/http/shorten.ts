/**
 * The text on one line, cut to `longest` characters; … marks the cut. For text that a server chose: it is cut before it is
 * looked at, so that its length costs nothing, and control characters cannot forge a line of our log.
 */
export function shorten(text: string, longest: number): string {
  const line = text
    .slice(0, longest + 1)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return text.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
