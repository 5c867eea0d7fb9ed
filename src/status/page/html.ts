/** HTML that may be sent as it is: what `html` makes, and literals of this source. No text from outside. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Part = Html | string | number | undefined | null | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** What makes a text look like another: control characters, bidirectional overrides, zero-width characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A template whose parts are escaped, unless they are HTML already. Nothing stands for undefined, null and false. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(template.reduce((text, piece, index) => text + show(parts[index - 1]) + piece));
}

function show(part: Part): string {
  if (part === undefined || part === null || part === false) return "";
  if (part instanceof Html) return part.toString();
  if (typeof part === "object") return part.map(show).join("");
  return String(part)
    .replace(/[\n\t]+/g, " ")
    .replace(INVISIBLE, "\ufffd")
    .replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}
