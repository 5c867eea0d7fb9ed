import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The alert rules that users get. */
export const alertRules = fileURLToPath(
  new URL("../../packaging/prometheus/masakari-monitors.rules.yml", import.meta.url),
);

/**
 * What makes a test wait, and what stands there instead: how long an alert has to be true, the age of a notification, and the multiple of
 * an interval. Nothing else of a rule is changed.
 */
const DURATIONS: readonly (readonly [RegExp, string])[] = [
  [/(?<=^ {8}for: )\w+$/gm, "1s"],
  [/(?<=oldest_pending_timestamp_seconds > )300$/gm, "2"],
  [/(?<=last_progress_timestamp_seconds > )3(?= \* )/gm, "0.1"],
];

/** The alert rules with short durations. @throws if one of them is not found */
export function quickAlertRules(text = readFileSync(alertRules, "utf8")): string {
  return DURATIONS.reduce((rules, [pattern, short]) => {
    if (rules.match(pattern) === null) throw new Error(`the alert rules have no ${pattern}`);
    return rules.replaceAll(pattern, short);
  }, text);
}

/** The names of all alerts. */
export function alertNames(text = readFileSync(alertRules, "utf8")): readonly string[] {
  return [...text.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name = ""]) => name);
}
