import { writeFileSync } from "node:fs";
import type { Check } from "../../src/cli/doctor/check.ts";
import type { CheckedFinding } from "../../src/cli/doctor/finding.ts";
import { runChecks } from "../../src/cli/doctor/run-checks.ts";
import { subjectOf } from "../../src/cli/doctor/subject.ts";
import { configRoot } from "./config-root.ts";
import { load } from "./load-config.ts";

/**
 * What checks find on a host.
 * @param files of a directory: `x.conf` is the configuration
 */
export async function findingsOf(
  checks: readonly Check[],
  monitors: readonly string[],
  files: (directory: string) => Readonly<Record<string, string>>,
): Promise<readonly CheckedFinding[]> {
  using at = configRoot();
  for (const [name, text] of Object.entries(files(at.root))) writeFileSync(at.path(name), text);
  const subject = subjectOf(load(at, { configFiles: [at.path("x.conf")] }), monitors);
  const { findings } = await runChecks(checks, subject);
  await subject.close();
  return findings;
}

/** `problem: text` of each; it is an error if one that is not ok has no reason or no remedy. */
export function briefly(findings: readonly CheckedFinding[]): readonly string[] {
  return findings.map((finding) => {
    if (finding.level !== "ok" && (finding.why === "" || finding.fix === ""))
      throw new Error("a finding without remedy");
    return `${finding.level}: ${finding.what}`;
  });
}
