import type { Config } from "../config/sections.ts";
import { METRICS_CONTENT_TYPE } from "../status/metrics/content-type.ts";
import type { MetricSource } from "../status/metrics/samples.ts";
import type { Routes } from "../status/routes.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";

/**
 * Which port after `[metrics] port` each program takes, so that all can be configured by one file. A list of its own: the one of
 * `programs/` would draw every program into the bundle of each.
 */
export const PORTS: readonly string[] = [
  "instancemonitor",
  "introspectiveinstancemonitor",
  "processmonitor",
  "hostmonitor",
];

/** `GET /metrics`. What makes them is loaded when they are first asked for. */
export function metricsRoute(source: () => MetricSource): Routes {
  return {
    "/metrics": {
      method: "GET",
      handle: async () => {
        const { exposition } = await import("../status/metrics/exposition.ts");
        return { status: 200, body: exposition([source()]), contentType: METRICS_CONTENT_TYPE };
      },
    },
  };
}

export interface MetricsParts {
  readonly command: string;
  readonly programs: readonly string[];
  readonly options: Config["metrics"];
  readonly sources: () => readonly MetricSource[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Serves and writes the metrics of this process where `[metrics]` has it, until the signal aborts. */
export async function exportMetrics(parts: MetricsParts, signal: AbortSignal): Promise<void> {
  const { command, programs, options, sources, clock, log } = parts;
  const { port, address, textfile_directory: directory } = options;
  if (port === 0 && directory === "") return;
  const { exposition } = await import("../status/metrics/exposition.ts");
  const metrics = () => exposition(sources());
  const exports: Promise<void>[] = [];
  if (port !== 0) {
    const { serveMetrics } = await import("../status/metrics/metrics-server.ts");
    const own = programs.length === 1 ? port + Math.max(0, PORTS.indexOf(programs[0] ?? "")) : port;
    exports.push(serveMetrics({ address, port: own, metrics, log }, signal));
  }
  if (directory !== "") {
    const { writeTextfile } = await import("../status/metrics/textfile.ts");
    exports.push(writeTextfile({ directory, name: command, metrics, clock, log }, signal));
  }
  await Promise.all(exports);
}
