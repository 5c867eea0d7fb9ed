import type { CommandContext } from "./command-context.ts";
import { drawTable } from "./output/table.ts";
import type { TimedRequest } from "./request-trace.ts";

/** What each request took, as openstackclient's `--timing` shows it. */
export function timingTable(timed: readonly TimedRequest[], context: CommandContext): string {
  const rounded = (seconds: number): number => Number(seconds.toFixed(6));
  const total = timed.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [
    ...timed.map(({ method, url, seconds }) => [`${method} ${url}`, rounded(seconds)]),
    ["Total", rounded(total)],
  ];
  return `\n${drawTable({ kind: "list", columns: ["URL", "Seconds"], rows }, {}, context)}`;
}
