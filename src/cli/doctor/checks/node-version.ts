import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";

/** What `bin/launch` demands too: node:sqlite, and the options that it starts Node with. */
const OLDEST = 24;

export const nodeVersion: Check = {
  name: "Node",
  run: () => Promise.resolve([judgeNode(process.versions.node)]),
};

export function judgeNode(version: string): Finding {
  if (Number.parseInt(version, 10) >= OLDEST) return ok(`version ${version} (${process.execPath})`);
  const why = "the monitors need functions that it does not have";
  const fix = `install Node ${OLDEST} or later, or the package with its own Node`;
  return { level: "problem", what: `Node ${version} is too old`, why, fix };
}
