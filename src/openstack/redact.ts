import { pythonJson } from "./json.ts";

/** The text with every secret in it replaced: a server may quote what it was sent in its error, also as it came, in JSON. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.flatMap(spellings).reduce((rest, spelling) => rest.replaceAll(spelling, "***"), text);
}

function spellings(secret: string): readonly string[] {
  if (secret === "") return [];
  const inJson = [pythonJson(secret), JSON.stringify(secret)].map((quoted) => quoted.slice(1, -1));
  return [secret, ...inJson.filter((spelling) => spelling !== secret)];
}
