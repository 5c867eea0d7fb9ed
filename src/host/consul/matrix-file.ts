import { type Document, LineCounter, parseDocument } from "yaml";
import { type Diagnostic, diagnostic, hasError } from "../../config/diagnostic.ts";
import { readTextFile } from "../../config/text-file.ts";
import { shorten } from "../../http/shorten.ts";
import { combinations, keyOf, type Matrix } from "./matrix.ts";
import { NETWORKS, type Network } from "./networks.ts";

export interface MatrixFile {
  /** Undefined if the file cannot be used. */
  readonly matrix: Matrix | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Upstream's own matrix has 600 bytes. */
const MAX_BYTES = 16 * 1024;
const MAX_ROWS = 100;
const MAX_ALIASES = 100;

type Path = readonly (string | number)[];
type Complain = (severity: Diagnostic["severity"], path: Path, message: string) => void;

/** @param configured the networks that have an agent */
export function readMatrixFile(file: string, configured: readonly Network[]): MatrixFile {
  const read = readTextFile(file, MAX_BYTES);
  if ("text" in read) return parseMatrix(file, read.text, configured);
  const message = `[consul] matrix_config_file ${read.reason}`;
  return { matrix: undefined, diagnostics: [diagnostic("error", { file, line: read.line }, message)] };
}

/** Reads `sequence` and `matrix` in YAML 1.1, as PyYAML does. */
export function parseMatrix(file: string, text: string, configured: readonly Network[]): MatrixFile {
  const diagnostics: Diagnostic[] = [];
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.1",
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  const [flaw] = [...document.errors, ...document.warnings];
  if (flaw !== undefined) {
    const { line } = lines.linePos(flaw.pos[0]);
    return {
      matrix: undefined,
      diagnostics: [diagnostic("error", { file, line }, `this is not valid YAML: ${flaw.message}`)],
    };
  }
  const complain: Complain = (severity, path, message) => {
    diagnostics.push(diagnostic(severity, { file, line: lineAt(document, lines, path) }, message));
  };
  const matrix = checkedMatrix(plainValue(document, complain), configured, complain);
  return { matrix: hasError(diagnostics) ? undefined : matrix, diagnostics };
}

function plainValue(document: Document, complain: Complain): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    complain("error", [], `the file cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/** The line of what is at the path, or of the nearest thing around it. */
function lineAt(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined;
    const offset = node?.range?.[0];
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return 1;
}

function checkedMatrix(value: unknown, configured: readonly Network[], complain: Complain): Matrix | undefined {
  if (value === undefined) return undefined;
  if (!isMapping(value)) {
    complain("error", [], `the file must be a mapping with sequence and matrix, not ${shown(value)}`);
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key !== "sequence" && key !== "matrix")
      complain("warning", [key], `${shown(key)} is neither sequence nor matrix; ignored`);
  }
  const sequence = checkedSequence(value.sequence, configured, complain);
  const { matrix } = value;
  if (!Array.isArray(matrix) || matrix.length === 0 || matrix.length > MAX_ROWS) {
    complain("error", ["matrix"], `matrix must be a list of 1 to ${MAX_ROWS} mappings with health and action`);
    return undefined;
  }
  return sequence && { sequence, recovery: recoveryOf(matrix, sequence, complain) };
}

function checkedSequence(
  value: unknown,
  configured: readonly Network[],
  complain: Complain,
): readonly Network[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > NETWORKS.length) {
    complain("error", ["sequence"], `sequence must be a list of one or more of ${NETWORKS.join(", ")}`);
    return undefined;
  }
  const sequence: Network[] = [];
  for (const [index, item] of value.entries()) {
    const network = NETWORKS.find((name) => name === item);
    const at = ["sequence", index];
    if (network === undefined) complain("error", at, `${shown(item)} is not one of ${NETWORKS.join(", ")}`);
    else if (sequence.includes(network)) complain("error", at, `${network} is in the sequence twice`);
    else if (!configured.includes(network))
      complain("error", at, `${network} is in the sequence, but [consul] agent_${network} is not set`);
    else sequence.push(network);
  }
  for (const network of configured) {
    if (!sequence.includes(network))
      complain("warning", ["sequence"], `[consul] agent_${network} is set, but not in the sequence: it is not asked`);
  }
  return sequence.length === value.length ? sequence : undefined;
}

function recoveryOf(rows: readonly unknown[], sequence: readonly Network[], complain: Complain): ReadonlySet<string> {
  const recovery = new Set<string>();
  const seen = new Set<string>();
  for (const [index, row] of rows.entries()) {
    const health = checkedHealth(row, sequence, ["matrix", index], complain);
    if (health === undefined) continue;
    const isRecovery = hasRecovery(row, ["matrix", index], complain);
    // Upstream takes the first of two.
    if (seen.has(health)) complain("warning", ["matrix", index], `${health} already has a row; the first one is used`);
    else if (isRecovery && !health.includes("down"))
      complain("warning", ["matrix", index], "a host that is up on all networks is online; recovery is ignored here");
    else if (isRecovery) recovery.add(health);
    seen.add(health);
  }
  if (recovery.size === 0)
    complain("warning", ["matrix"], "no row has the action recovery: no host is ever reported down");
  const missing = combinations(sequence.map(() => "unknown"))
    .map(keyOf)
    .filter((health) => !seen.has(health));
  if (missing.length > 0)
    complain("info", ["matrix"], `these combinations have no row, and so no action: ${missing.join("; ")}`);
  return recovery;
}

function checkedHealth(row: unknown, sequence: readonly Network[], path: Path, complain: Complain): string | undefined {
  if (!isMapping(row)) {
    complain("error", path, `a row must be a mapping with health and action, not ${shown(row)}`);
    return undefined;
  }
  const { health } = row;
  if (!Array.isArray(health) || health.length !== sequence.length) {
    const count = Array.isArray(health) ? `a list of ${health.length}` : shown(health);
    complain(
      "error",
      [...path, "health"],
      `health must have one value for each of ${sequence.join(", ")}, not ${count}`,
    );
    return undefined;
  }
  const wrong = health.findIndex((state) => state !== "up" && state !== "down");
  if (wrong === -1) return keyOf(health);
  complain("error", [...path, "health", wrong], `health must be up or down, not ${shown(health[wrong])}`);
  return undefined;
}

function hasRecovery(row: unknown, path: Path, complain: Complain): boolean {
  const { action } = row as Readonly<Record<string, unknown>>;
  // Upstream asks whether "recovery" is in it, which a plain word answers too.
  const actions: unknown = typeof action === "string" ? [action] : action;
  if (!Array.isArray(actions)) {
    complain("error", [...path, "action"], `action must be [] or [recovery], not ${shown(action)}`);
    return false;
  }
  for (const [index, one] of actions.entries()) {
    if (one !== "recovery")
      complain("warning", [...path, "action", index], `${shown(one)} is not an action; the only one is recovery`);
  }
  return actions.includes("recovery");
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : shorten(JSON.stringify(value) ?? typeof value, 60);
}
