import { isRecord } from "../../openstack/json.ts";

const SECRET_HEADER = /token|authorization|cookie|secret|password/i;
const SECRET_MEMBER = /password|passcode|passwd|secret|token|credential|private|^blob$/i;

/** A text with `***` for user and password of each URL in it, and for what a query names a secret. */
export function withoutUrlSecrets(text: string): string {
  return text
    .replace(/(?<=:\/\/)[^\s/?#"]{1,500}(?=@)/g, "***")
    .replace(/(?<=[?&][^\s=&#"]{0,50}(?:token|secret|password)[^\s=&#"]{0,50}=)[^\s&#"]+/gi, "***");
}

/** `Name: value` for each header; those that are a credential with `***` for a value. */
export function maskedHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const shown = Object.entries(headers).map(
    ([name, value]) => `${name}: ${SECRET_HEADER.test(name) ? "***" : String(value)}`,
  );
  return `{${shown.join("; ")}}`;
}

/** A body of JSON with `***` for every secret in it; of any other only the length: it may hold what it likes. */
export function maskedJson(text: string): string {
  try {
    return JSON.stringify(masked(JSON.parse(text), false));
  } catch {
    return `${text.length} characters that are not JSON`;
  }
}

/** Not an object: `password` and `token` are also names of parts that have a secret in them. */
const isValue = (member: unknown): boolean =>
  Array.isArray(member) ? member.every(isValue) : typeof member === "string" || typeof member === "number";

/** @param ofToken a login by token has it as its `id` */
function masked(value: unknown, ofToken: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => masked(one, false));
  if (!isRecord(value)) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const secret = isValue(member) && (SECRET_MEMBER.test(name) || (ofToken && name === "id"));
    return [name, secret ? "***" : masked(member, name === "token")];
  });
  return Object.fromEntries(members);
}
