import type { Diagnostic } from "./diagnostic.ts";
import type { sections } from "./sections.ts";

type Section = keyof typeof sections;

const all = ["DEFAULT", "api", "metrics", "notifications", "page"] as const satisfies readonly Section[];

/** The sections that each program takes its values from. */
const readBy: Readonly<Record<string, readonly Section[]>> = {
  processmonitor: [...all, "process"],
  instancemonitor: [...all, "callback", "instancemonitor", "libvirt"],
  introspectiveinstancemonitor: [...all, "callback", "introspectiveinstancemonitor", "libvirt"],
  hostmonitor: [...all, "consul", "host", "kubernetes"],
  masakari: ["api"],
};

/** Every program that reads a configuration, by its own name. */
export const programNames = Object.keys(readBy).filter((name) => name !== "masakari");

/**
 * What keeps one of these programs from running stays an error. A bad value that only others read becomes a warning: for
 * the Python monitors it does not count either, because oslo.config looks at a value when it is asked for.
 * @param programs their own names, e.g. `processmonitor`
 */
export function forPrograms(diagnostics: readonly Diagnostic[], programs: readonly string[]): Diagnostic[] {
  const read = new Set<string>(programs.flatMap((name) => readBy[name] ?? []));
  return diagnostics.map((one) => {
    if (one.severity !== "error" || one.section === undefined || read.has(one.section)) return one;
    const message = `${one.message}; this program does not read it, but others will refuse it`;
    return { ...one, severity: "warning", message };
  });
}
