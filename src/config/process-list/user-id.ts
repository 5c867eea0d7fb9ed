import { readFileSync } from "node:fs";

/** The number of a user of this host: of /etc/passwd, or given as a number. Undefined if there is no such user. */
export function userId(user: string): number | undefined {
  if (/^\d{1,10}$/.test(user)) return Number(user);
  let text: string;
  try {
    text = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name === user && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}
