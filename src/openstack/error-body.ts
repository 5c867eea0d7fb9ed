import { isRecord } from "./json.ts";

/** More of a server's text than this tells an operator nothing. Characters. */
const longest = 500;

/**
 * The message in an error answer, whatever made it: masakari-api's faults (`{"badRequest": {"message"}}`), Keystone and its
 * middleware (`{"error": {"message"}}`), WebOb (`{"message", "title"}`, or an HTML page when the request accepts anything),
 * a proxy's HTML, or plain text.
 * @param redact takes secrets out of a text: here, because the half of one that is left by the cut is not known for one
 * @returns one line of at most 500 characters without markup or control characters; "" if the body says nothing
 */
export function errorDetail(body: Buffer, redact: (text: string) => string): string {
  const text = redact(body.toString("utf8"));
  return oneLine(redact(fromJson(text) ?? (/<\/?[a-z!][^>]*>/i.test(text) ? fromHtml(text) : text)));
}

/** Undefined: not JSON, or JSON of no known shape, so that its text is the best that there is. */
function fromJson(text: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed === "string") return parsed;
  if (!isRecord(parsed) || Object.keys(parsed).length === 0) return "";
  for (const holder of [parsed, ...Object.values(parsed)]) {
    const candidate: unknown = Array.isArray(holder) ? holder[0] : holder;
    if (!isRecord(candidate)) continue;
    for (const key of ["message", "detail", "title"]) {
      const value = candidate[key];
      if (typeof value === "string" && value.trim() !== "") return stripMarkup(value);
    }
  }
  return undefined;
}

function fromHtml(html: string): string {
  const body = /<body[^>]*>([\s\S]*)/i.exec(html)?.[1] ?? html;
  return stripMarkup(body.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, " ").replace(/<\/h\d>/gi, ": "));
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " ", amp: "&" };

function stripMarkup(text: string): string {
  // Only what begins like a tag: masakari's own texts hold things such as "<class 'ValueError'>", which must stay readable.
  return text
    .replace(
      /<\/?(?:br|p|h\d|html|body|head|title|hr|div|center|a|b|i|pre|span|ul|li|table|tr|td|address)\b[^>]*>/gi,
      " ",
    )
    .replace(/<!(?:--[\s\S]*?--|[^>]*)>/g, " ")
    .replace(/&(lt|gt|quot|#39|nbsp|amp);/g, (all, name: string) => entities[name] ?? all);
}

function oneLine(text: string): string {
  // Control characters could forge a line in our log.
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .replace(/[:\s]+$/, "");
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
