/** Names by their order what one Keystone draws at random, and leaves out the schema that Keystone appends to a schema error. */
export function normaliser(url: string, run: string): (request: string, response: string) => string {
  const ids = new Map<string, string>();
  const named = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `<${ids.size}>`);
    return ids.get(id) ?? "";
  };
  return (request, response) =>
    `${request}\n${response}`
      .replaceAll(url, "<keystone>")
      .replaceAll(run, "<run>")
      .replace(/\\n\\nFailed validating.*?(?=","title")/g, "")
      .replace(/"catalog": \[.*/, '"catalog": …')
      .replace(/"audit_ids": \[[^\]]*\]/g, '"audit_ids": …')
      .replace(/"(issued_at|expires_at)": "(?!2030)[^"]*"/g, '"$1": …')
      .replace(/"secret": ?"[\w-]{60,}"/g, '"secret": …')
      .replace(/"roles": \[(.*?)\](?=[,}])/g, (_, roles: string) => `"roles": [${sortedNames(roles)}]`)
      .replace(/[0-9a-f]{32}/g, named)
      .replace(/(?<="role_assignments": \[)(\{.*\})(?=\], "links")/, (list) => sortedAssignments(list));
}

/** Neither do the assignments of a user. */
function sortedAssignments(list: string): string {
  const all = JSON.parse(`[${list}]`) as unknown[];
  return all
    .map((assignment) => JSON.stringify(assignment))
    .sort((one, other) => (one < other ? -1 : 1))
    .join(", ");
}

/** Roles come in no order that means anything. */
function sortedNames(roles: string): string {
  return (roles.match(/"name": ?"[^"]*"/g) ?? []).sort().join(", ");
}
