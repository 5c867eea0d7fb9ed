import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ScalarTag,
  type Tags,
  visit,
} from "yaml";
import { type Diagnostic, diagnostic } from "../diagnostic.ts";
import { checkEntries, MAX_ENTRIES, MAX_KEYS, type ProcessList, type RawEntry } from "./entries.ts";
import { describeYaml } from "./values.ts";

/** Aliases that one entry may follow; beyond it the file is an alias bomb. */
const MAX_ALIASES = 100;
/** Bytes; the YAML library needs some hundred times that in memory. */
const MAX_YAML_LENGTH = 256 * 1024;

/** Characters. The library needs seconds for text that is nothing but these, and commands have few of them. */
const MAX_SPECIAL = 8192;
const SPECIAL = new Set("[{&*!?");
/** Characters. */
const MAX_LINE_LENGTH = 8192;
const MAX_LINES = 16_384;

/** Why the text cannot be a process list, before the library looks at it. */
function tooMuch(text: string): string | undefined {
  if (text.length > MAX_YAML_LENGTH) return `is larger than ${MAX_YAML_LENGTH / 1024} KiB`;
  let special = 0;
  for (const character of text) if (SPECIAL.has(character)) special += 1;
  if (special > MAX_SPECIAL) return `has more than ${MAX_SPECIAL} of the characters ${[...SPECIAL].join(" ")}`;
  const lines = text.split(/\r\n?|\n/);
  if (lines.length > MAX_LINES) return `has more than ${MAX_LINES} lines`;
  return lines.some((line) => line.length > MAX_LINE_LENGTH)
    ? `has a line of more than ${MAX_LINE_LENGTH} characters`
    : undefined;
}

/** PyYAML takes fewer words for booleans than YAML 1.1 allows: `y` and `n` are text (yaml/resolver.py). */
function asPyYaml(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:bool") return tag;
    const truth = (tag as ScalarTag).test?.test("yes");
    return { ...(tag as ScalarTag), test: truth ? /^(?:yes|true|on)$/i : /^(?:no|false|off)$/i };
  });
}

interface Reading {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly diagnostics: Diagnostic[];
}

function complain(
  { file, diagnostics }: Reading,
  line: number,
  message: string,
  severity: "error" | "warning" = "error",
): void {
  diagnostics.push(diagnostic(severity, { file, line }, message));
}

function lineOf({ lines }: Reading, node: unknown): number {
  const range = (node as Node | undefined)?.range;
  return range ? lines.linePos(range[0]).line : 1;
}

function readEntry(reading: Reading, item: unknown): RawEntry | undefined {
  const line = lineOf(reading, item);
  const node = isAlias(item) ? item.resolve(reading.document) : item;
  if (isAlias(item) && !node) {
    complain(reading, line, `the alias *${item.source} has no anchor`);
    return undefined;
  }
  if (isMap(node) && node.items.some(({ key }) => !isScalar(key) || key.value instanceof Uint8Array)) {
    complain(reading, line, "the keys of an entry must be plain words");
    return undefined;
  }
  let plain: unknown;
  try {
    plain = isMap(node) ? node.toJS(reading.document, { maxAliasCount: MAX_ALIASES }) : undefined;
  } catch (error) {
    complain(reading, line, `this entry cannot be read: ${(error as Error).message}`);
    return undefined;
  }
  if (!isMap(node) || typeof plain !== "object" || plain === null) {
    const found = isScalar(node) ? describeYaml(node.value) : isSeq(node) ? "a list" : "nothing";
    complain(reading, line, `an entry must be a mapping with process_name and its commands, not ${found}`);
    return undefined;
  }
  const at = new Map<string, number>();
  for (const { key } of node.items) {
    const name = isScalar(key) ? String(key.value) : "";
    const before = at.get(name);
    const here = lineOf(reading, key);
    if (before !== undefined && name !== "<<") {
      complain(reading, here, `${name} is set on line ${before} already; this later value counts`, "warning");
    }
    at.set(name, here);
  }
  // Keys that a merge (<<) brings in stand on no line of their own.
  const fields = Object.entries(plain).map(([name, value]) => [name, { value, line: at.get(name) ?? line }] as const);
  return { line, fields: new Map(fields) };
}

/** Whether some mapping has more keys than an entry may have: merged (<<) into many others it would take minutes. */
function largeMapping(reading: Reading): boolean {
  let found = false;
  visit(reading.document, {
    Map(_key, node) {
      if (node.items.length <= MAX_KEYS) return undefined;
      complain(reading, lineOf(reading, node), `this entry has more than ${MAX_KEYS} keys`);
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function readDocument(reading: Reading): RawEntry[] | undefined {
  const { contents } = reading.document;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    complain(reading, 1, "the process list is empty; write [] if no process is to be watched");
    return undefined;
  }
  if (!isSeq(contents)) {
    const found = isMap(contents) ? "a mapping; put a - before each entry" : "something else";
    complain(reading, lineOf(reading, contents), `the process list must be a list of entries, not ${found}`);
    return undefined;
  }
  if (contents.items.length > MAX_ENTRIES) {
    complain(reading, lineOf(reading, contents), `the process list has more than ${MAX_ENTRIES} entries`);
    return undefined;
  }
  if (largeMapping(reading)) return undefined;
  return contents.items.flatMap((item) => readEntry(reading, item) ?? []);
}

/** Reads a process list in YAML 1.1, as PyYAML does. Loads the YAML library; import it lazily. */
export function parseProcessYaml(file: string, text: string): ProcessList {
  const refused = tooMuch(text);
  if (refused !== undefined) {
    const message = `the process list ${refused}`;
    return { entries: [], diagnostics: [diagnostic("error", { file, line: undefined }, message)], file };
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.1",
    merge: true,
    // PyYAML takes the last of two equal keys; that is a warning here.
    uniqueKeys: false,
    customTags: asPyYaml,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  const [document, second] = "empty" in documents ? [] : documents;
  const diagnostics: Diagnostic[] = [];
  if (!document) {
    const message = "the process list is empty; write [] if no process is to be watched";
    return { entries: [], diagnostics: [diagnostic("error", { file, line: 1 }, message)], file };
  }
  const reading: Reading = { file, document, lines, diagnostics };
  // What follows the first error is mostly its echo.
  const [error] = document.errors;
  const [warning] = document.warnings;
  if (error) complain(reading, lines.linePos(error.pos[0]).line, `this is not valid YAML: ${error.message}`);
  else if (warning) complain(reading, lines.linePos(warning.pos[0]).line, `this is not plain YAML: ${warning.message}`);
  if (second) {
    complain(
      reading,
      lineOf(reading, second),
      "a second YAML document begins here; the process list must be one document",
    );
  }
  if (diagnostics.length > 0) return { entries: [], diagnostics, file };
  const raws = readDocument(reading);
  if (!raws || diagnostics.some(({ severity }) => severity === "error")) {
    const checked = checkEntries(file, raws ?? []).diagnostics.filter(({ severity }) => severity === "error");
    return { entries: [], diagnostics: [...diagnostics, ...checked], file };
  }
  const checked = checkEntries(file, raws);
  return { ...checked, diagnostics: [...diagnostics, ...checked.diagnostics] };
}
