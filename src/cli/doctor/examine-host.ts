import type { Loaded } from "../../config/load.ts";
import { countOf } from "../../system/plural.ts";
import { printableJson } from "../../system/printable.ts";
import { onOneLine } from "../table.ts";
import { CHECKS } from "./checks/index.ts";
import { type CheckedFinding, LEVELS, type Level, worstLevel } from "./finding.ts";
import { monitorsOf } from "./monitors.ts";
import { runChecks } from "./run-checks.ts";
import { subjectOf } from "./subject.ts";

export interface ExamineOptions {
  /** Those that are named; none: those of this host. */
  readonly monitors: readonly string[];
  readonly asJson: boolean;
  /** Also sends a notification, and waits so long for the engine. */
  readonly endToEndMs: number | undefined;
}

export interface Examined {
  /** For standard output. */
  readonly text: string;
  readonly level: Level;
  readonly isHung: boolean;
}

/** Examines a host for its monitors. */
export async function examineHost(loaded: Loaded, options: ExamineOptions): Promise<Examined> {
  const monitors = await monitorsOf(loaded, options.monitors);
  const subject = subjectOf(loaded, monitors);
  const { findings: found, isHung } = await runChecks(CHECKS, subject);
  const findings = [...found];
  if (options.endToEndMs !== undefined) {
    const { endToEnd } = await import("./end-to-end.ts");
    const trial = await runChecks([endToEnd(options.endToEndMs)], subject);
    findings.push(...trial.findings);
  }
  await subject.close();
  const level = worstLevel(findings);
  const text = options.asJson ? `${printableJson({ level, monitors, findings }, 2)}\n` : listing(monitors, findings);
  return { text, level, isHung };
}

/** What is wrong stands last, above the prompt. */
function listing(monitors: readonly string[], findings: readonly CheckedFinding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = LEVELS.flatMap((level) =>
    findings.filter((finding) => finding.level === level).flatMap((finding) => linesOf(finding, width)),
  );
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const summary = `${countOf(count("problem"), "problem")}, ${countOf(count("warning"), "warning")}, ${count("ok")} ok`;
  return [...lines, `${summary} (for ${monitors.join(", ")})`].map((line) => `${line}\n`).join("");
}

function linesOf(finding: CheckedFinding, width: number): readonly string[] {
  const { level, check, what } = finding;
  const first = `${level.padEnd(7)}  ${check.padEnd(width)}  ${onOneLine(what)}`;
  if (finding.level === "ok") return [first];
  const indent = " ".repeat(7 + 2 + width + 2);
  return [first, `${indent}why: ${onOneLine(finding.why)}`, `${indent}fix: ${onOneLine(finding.fix)}`];
}
