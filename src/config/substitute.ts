import { escapeDollars } from "./write-value.ts";

/** What `$name` stands for: its text, or why it stands for nothing. */
export type Reference = { readonly text: string; readonly secret: boolean } | { readonly reason: string };

/** A text with its references replaced, or why that cannot be done. */
export type Substituted =
  | {
      readonly text: string;
      /** Set if a reference led to a secret: what may be shown, as a file has it, with that reference as it was written. */
      readonly shown?: string;
    }
  | { readonly reason: string };

// string.Template with oslo.config's idpattern. A dollar before anything else stays a dollar.
const REFERENCE = /\$(?:\$|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/** Characters. Options that refer to each other many times would otherwise grow without end. */
export const MAX_VALUE_LENGTH = 32_768;

const tooLong = { reason: `is longer than ${MAX_VALUE_LENGTH} characters` } as const;

/**
 * Replaces `$name`, `${name}` and `${group.name}`; `$$` and `\$` are a dollar.
 * @returns the reason of the first reference that `look` could not follow, if there is one
 */
export function substitute(raw: string, look: (name: string) => Reference): Substituted {
  if (raw.length > MAX_VALUE_LENGTH) return tooLong;
  if (!raw.includes("$")) return { text: raw };
  const written = raw.replaceAll("\\$", "$$$$");
  let text = "";
  let shown = "";
  let secret = false;
  let at = 0;
  const add = (plain: string): void => {
    text += plain;
    shown += escapeDollars(plain);
  };
  for (const match of written.matchAll(REFERENCE)) {
    add(written.slice(at, match.index));
    at = match.index + match[0].length;
    const name = match[1] ?? match[2];
    if (name === undefined) {
      add("$");
      continue;
    }
    const found = look(name);
    if ("reason" in found) return found;
    if (found.secret) {
      secret = true;
      text += found.text;
      shown += match[0];
    } else add(found.text);
    if (text.length > MAX_VALUE_LENGTH) return tooLong;
  }
  add(written.slice(at));
  return secret ? { text, shown } : { text };
}
