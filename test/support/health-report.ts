import { requestHealth } from "../../src/status/client.ts";
import type { Report } from "../../src/status/report.ts";
import { healthSocket } from "../../src/status/socket-path.ts";
import { eventually } from "./eventually.ts";

/** The health report of a running monitor of this release, once it fits. @param statePath `[DEFAULT] state_path` */
export async function healthReport(
  { statePath, program }: { readonly statePath: string; readonly program: string },
  what: string,
  withinMs: number,
  fits: (report: Report) => boolean,
): Promise<Report> {
  const socket = healthSocket(statePath, program);
  return await eventually(`health: ${what}`, withinMs, async () => {
    const outcome = await requestHealth(socket, 10_000);
    if (outcome.kind !== "responded") throw new Error(JSON.stringify(outcome));
    // Of another release a report may lack members that this one has.
    const report = outcome.report as unknown as Report;
    if (fits(report)) return report;
    // What it was instead is the cause that a deadline has.
    throw new Error(`${report.verdict}: ${JSON.stringify(report.problems)}`);
  });
}
