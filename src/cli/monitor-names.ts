import { monitorPrograms } from "./programs/index.ts";

/** Without the `masakari-` of its command. */
export const shortName = (name: string): string => name.replace(/^masakari-/, "");

/**
 * The monitors that a command line names, each once. A typing error must not look like a monitor that does not run.
 * @param found what else may be named: those that have left something in the state directory
 * @throws Error with the names that there are
 */
export function monitorsNamed(names: readonly string[], found: readonly string[] = []): readonly string[] {
  const wanted = [...new Set(names.map(shortName))];
  const known = Object.keys(monitorPrograms);
  const unknown = wanted.find((name) => !known.includes(name) && !found.includes(name));
  if (unknown !== undefined) throw new Error(`no monitor ${unknown}; one of ${known.join(", ")}`);
  return wanted;
}

/** What to do about one that does not run. */
export function remedyIfNotRunning(name: string): string {
  const start = "start it";
  return Object.hasOwn(monitorPrograms, name)
    ? `${start}, or if this host does not use it any more: masakari-monitors forget ${name}`
    : start;
}
