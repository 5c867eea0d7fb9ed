import type { Program } from "../program.ts";

/**
 * The one list of monitors, by their own names. From it come what `masakari-monitors run` runs, the bundles of scripts/build.ts and,
 * held by a test, the commands of package.json. Each monitor is loaded only if it is run, and starts from `../NAME-main.ts` when
 * it is run by itself.
 */
export const monitorPrograms: Readonly<Record<string, () => Promise<Program>>> = {
  processmonitor: async () => (await import("./processmonitor.ts")).processMonitorProgram,
  instancemonitor: async () => (await import("./instancemonitor.ts")).instanceMonitorProgram,
  introspectiveinstancemonitor: async () =>
    (await import("./introspectiveinstancemonitor.ts")).introspectiveMonitorProgram,
  hostmonitor: async () => (await import("./hostmonitor.ts")).hostMonitorProgram,
};
