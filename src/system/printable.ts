/**
 * Control characters (C0, DEL, C1), format characters (bidirectional overrides, zero-width ones), line and paragraph
 * separators, halves of surrogate pairs: what moves a terminal's cursor, begins a line, or makes a text look like another.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text that somebody else has written (another process's command line, an API's response, a file's name) as it may be shown on a
 * terminal or in a log: what is not printable becomes `\x1b` or `\u202e`.
 * @param kept unprintable characters that stay
 */
export function printable(text: string, kept = ""): string {
  return text.replace(UNPRINTABLE, (one) => {
    if (kept.includes(one)) return one;
    const code = one.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** JSON that stands for the same value and holds only what is printable: JSON itself escapes no more than C0. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent) ?? "null";
  return text.replace(UNPRINTABLE, (one) => (one === "\n" ? one : utf16Escapes(one)));
}

function utf16Escapes(one: string): string {
  return Array.from({ length: one.length }, (_, index) => {
    const unit = one.charCodeAt(index).toString(16).padStart(4, "0");
    return `\\u${unit}`;
  }).join("");
}
