const dropped = ["script", "style", "head"];
const shown =
  /^(?:br|p|h[1-6]|html|body|head|title|hr|div|center|a|b|i|pre|span|ul|li|table|tr|td|address|script|style)$/;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " ", amp: "&" };

/**
 * The text of an HTML page, or of a text with some markup in it. Only what begins like a tag of HTML is taken out: masakari's
 * own texts hold things such as "<class 'ValueError'>", which must stay readable. Linear in the text's length.
 */
export function plainText(text: string): string {
  const search = new ForwardSearch(text);
  let kept: string[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("<", at);
    if (open === -1) break;
    kept.push(text.slice(at, open));
    const tag = tagAt(text, open);
    const end = tag === undefined ? -1 : search.from(tag.close, open);
    if (tag === undefined || end === -1) {
      kept.push("<");
      at = open + 1;
      continue;
    }
    at = end + tag.close.length;
    if (tag.name === "body" && !tag.ends) kept = [];
    if (dropped.includes(tag.name) && !tag.ends) at = afterContent(search, tag.name, at);
    kept.push(tag.ends && /^h[1-6]$/.test(tag.name) ? ": " : " ");
  }
  kept.push(text.slice(at));
  return kept.join("").replace(/&(lt|gt|quot|#39|nbsp|amp);/g, (all, name: string) => entities[name] ?? all);
}

interface Tag {
  /** In small letters; "" for a comment or a declaration. */
  readonly name: string;
  readonly ends: boolean;
  /** What it is closed by. */
  readonly close: string;
}

function tagAt(text: string, open: number): Tag | undefined {
  const start = text.slice(open, open + 12);
  if (start.startsWith("<!--")) return { name: "", ends: false, close: "-->" };
  if (start.startsWith("<!")) return { name: "", ends: false, close: ">" };
  const found = /^<(\/?)([a-z]{1,7}[1-6]?)(?![a-z0-9])/i.exec(start);
  const name = found?.[2]?.toLowerCase() ?? "";
  return shown.test(name) ? { name, ends: found?.[1] === "/", close: ">" } : undefined;
}

/** Behind the tag that ends what has just begun; where none does, the content is shown. */
function afterContent(search: ForwardSearch, name: string, at: number): number {
  for (const spelling of [`</${name}>`, `</${name.toUpperCase()}>`]) {
    const end = search.from(spelling, at);
    if (end !== -1) return end + spelling.length;
  }
  return at;
}

/** `indexOf` for positions that only grow: what was looked over once, or not found, is not looked over again. */
class ForwardSearch {
  readonly #text: string;
  readonly #found = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  from(wanted: string, position: number): number {
    const before = this.#found.get(wanted);
    if (before !== undefined && (before === -1 || before >= position)) return before;
    const found = this.#text.indexOf(wanted, position);
    this.#found.set(wanted, found);
    return found;
  }
}
