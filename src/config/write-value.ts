import { strip } from "./ini.ts";
import type { OptionValue } from "./option.ts";

/** A value as text, as it is after reading; secrets are not masked here. */
export function plainText(value: OptionValue): string {
  if (value === undefined) return "";
  if (typeof value === "object") return value.join(",");
  return String(value);
}

/**
 * A text in which no dollar is a reference: dollars are doubled, and one behind a backslash is escaped by another instead,
 * because oslo.config reads `\$` as a dollar first.
 */
export function escapeDollars(text: string): string {
  return text.replace(/\$/g, (_dollar, at: number) => (text[at - 1] === "\\" ? "\\$" : "$$"));
}

/** Puts quotes around a text of which the reader would otherwise take off quotes or blanks. */
export function guard(text: string): string {
  const loses = strip(text) !== text || (/^["']/.test(text) && text[0] === text.at(-1));
  // The reader takes off one pair of equal quotes, whatever stands between them.
  return loses ? `"${text}"` : text;
}

/** A value as it must stand behind `name = ` so that it reads back the same. */
export function fileText(value: OptionValue): string {
  return guard(escapeDollars(plainText(value)));
}
