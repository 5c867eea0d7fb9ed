export const LEVELS = ["ok", "warning", "problem"] as const;

export type Level = (typeof LEVELS)[number];

/** What one check has found. No secret is in it. */
export type Finding =
  | { readonly level: "ok"; readonly what: string }
  | {
      readonly level: "warning" | "problem";
      readonly what: string;
      /** What it leads to. */
      readonly why: string;
      /** The command that ends it, or what else to do. */
      readonly fix: string;
    };

/** A finding and the check that made it. */
export type CheckedFinding = Finding & { readonly check: string };

export const ok = (what: string): Finding => ({ level: "ok", what });

/** The worst of the levels. */
export function worstLevel(findings: readonly Finding[]): Level {
  return LEVELS[Math.max(0, ...findings.map(({ level }) => LEVELS.indexOf(level)))] ?? "ok";
}
