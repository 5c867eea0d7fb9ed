/** True for a JSON object (not null, not an array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * JSON as Python's `json.dumps` writes it (a space after `,` and `:`, ASCII only), so that what leaves this host is what
 * the Python monitors sent, to the byte but for the members' order.
 */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (isRecord(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${scalar(key)}: ${pythonJson(member)}`).join(", ")}}`;
  }
  return scalar(value);
}

function scalar(value: unknown): string {
  const text = value === undefined ? "null" : JSON.stringify(value);
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
