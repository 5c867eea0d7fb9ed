import { pythonJson } from "../../../openstack/json.ts";

/** JSON as Python's `json.dump` writes it: ASCII only, so nothing in it can move a terminal's cursor. */
export function indentedJson(value: unknown, onOneLine: boolean): string {
  if (onOneLine) return pythonJson(value);
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
