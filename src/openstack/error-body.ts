import { shorten } from "../http/shorten.ts";
import { isRecord } from "./json.ts";
import { plainText } from "./markup.ts";

/** More of a server's text is of no use to an operator. Characters. */
const longest = 500;
/** Bytes of a body that are looked at; a page may have a style sheet before its text. */
const longestBody = 262_144;
/** Characters of it in which a message is looked for, so that no secret is cut in two by the limit above. */
const longestText = 131_072;
/** More members than any error object has. */
const mostHolders = 20;

/**
 * The message in an error response, whatever made it: masakari-api's faults (`{"badRequest": {"message"}}`), Keystone and its
 * middleware (`{"error": {"message"}}`), WebOb (`{"message", "title"}`, or an HTML page when the request accepts anything),
 * a proxy's HTML, or plain text. Takes time in proportion to the body at most, and looks at its first 256 KiB only.
 * @param redact takes secrets out of a text: here, because the half of one that is left by the cut is not known for one
 * @returns one line of at most 500 characters without markup or control characters; "" if there is no text in the body
 */
export function errorDetail(body: Buffer, redact: (text: string) => string): string {
  const text = redact(body.subarray(0, longestBody).toString("utf8"));
  const found = body.length > longestBody ? undefined : fromJson(text);
  return oneLine(redact(found ?? plainText(text.slice(0, longestText))));
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
  for (const holder of [parsed, ...Object.values(parsed).slice(0, mostHolders)]) {
    const candidate: unknown = Array.isArray(holder) ? holder[0] : holder;
    if (!isRecord(candidate)) continue;
    for (const key of ["message", "detail", "title"]) {
      const value = candidate[key];
      if (typeof value === "string" && value.trim() !== "") return plainText(value);
    }
  }
  return undefined;
}

function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.length > longest ? shorten(line, longest) : line.replace(/[:\s]+$/, "");
}
