import { Document, isScalar, Scalar, visit } from "yaml";
import type { View } from "./view.ts";

/** What PyYAML writes as an escape: everything but printable ASCII. */
const ESCAPED = /[^\x20-\x7e\n]/u;

/** YAML 1.1, as PyYAML reads and arranges it: members of a row sorted by name, those of one object in their order. */
export function yaml(view: View): string {
  if (view.kind === "object")
    return view.columns.map((column, index) => dumped({ [column]: view.values[index] })).join("");
  return dumped(view.rows.map((row) => Object.fromEntries(view.columns.map((column, index) => [column, row[index]]))));
}

function dumped(value: unknown): string {
  const document = new Document(value, { version: "1.1", sortMapEntries: true, aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      // Within double quotes, everything can be written in ASCII.
      if (isScalar(node) && typeof node.value === "string" && ESCAPED.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const text = document.toString({
    singleQuote: true,
    indentSeq: false,
    lineWidth: 0,
    nullStr: "null",
    directives: false,
  });
  return text.replaceAll(new RegExp(ESCAPED, "gu"), codeEscape);
}

function codeEscape(one: string): string {
  const code = one.codePointAt(0) ?? 0;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
