/** What `$name` stands for: its text, or why it stands for nothing. */
export type Reference = { readonly text: string } | { readonly reason: string };

// string.Template with oslo.config's idpattern. A dollar before anything else stays a dollar.
const REFERENCE = /\$(?:\$|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi;

/**
 * Replaces `$name`, `${name}` and `${group.name}`; `$$` and `\$` are a dollar.
 * @returns the text, or the reason of the first reference that `look` could not follow
 */
export function substitute(raw: string, look: (name: string) => Reference): Reference {
  if (!raw.includes("$")) return { text: raw };
  let reason: string | undefined;
  const text = raw.replaceAll("\\$", "$$$$").replace(REFERENCE, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    if (name === undefined) return "$";
    const found = look(name);
    if ("text" in found) return found.text;
    reason ??= found.reason;
    return whole;
  });
  return reason === undefined ? { text } : { reason };
}
