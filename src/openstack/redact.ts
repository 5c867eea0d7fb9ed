import { pythonJson } from "./json.ts";

/**
 * The text with every secret in it replaced: a server may quote what it was sent in its error, also as it came, in JSON.
 * A secret that may as well be a name (`masakari`, `5000`) is replaced only where the text calls it a secret: replaced in
 * every name and path, it would spoil the message and give itself away.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.flatMap(spellings).reduce((rest, secret) => {
    return isLikeAName(secret) ? redactWhereNamed(rest, secret) : rest.replaceAll(secret, "***");
  }, text);
}

function spellings(secret: string): readonly string[] {
  if (secret === "") return [];
  const inJson = [pythonJson(secret), JSON.stringify(secret)].map((quoted) => quoted.slice(1, -1));
  return [secret, ...inJson.filter((spelling) => spelling !== secret)];
}

function isLikeAName(secret: string): boolean {
  return /^([a-z]{0,16}|[A-Z][a-z]{0,15})[0-9]{0,8}$/.test(secret);
}

/** `"password": "masakari"`, `password=masakari`, `<password>masakari</password>`, `the password masakari`. */
function redactWhereNamed(text: string, secret: string): string {
  // Letters and digits alone, so it is its own pattern.
  return text.replaceAll(new RegExp(`((?:password|passwd|secret|token)\\W{1,8})${secret}(?!\\w)`, "gi"), "$1***");
}
