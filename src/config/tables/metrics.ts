import type { SectionTable } from "../option.ts";

export const metricsTable = {
  help: "Metrics for Prometheus. They are always on each monitor's socket.",
  options: {
    port: {
      type: "int",
      default: 0,
      min: 0,
      max: 65_532,
      ours: true,
      help: "TCP port on which GET /metrics is served: of masakari-instancemonitor and masakari-monitors run; masakari-introspectiveinstancemonitor takes the next one, masakari-processmonitor the one after that, masakari-hostmonitor the third, so that all can use one file. 0: none.",
    },
    address: {
      type: "string",
      default: "127.0.0.1",
      ours: true,
      help: "Address of that port. There is no login and no encryption on it.",
    },
    textfile_directory: {
      type: "string",
      default: "",
      ours: true,
      help: "Directory in which each program writes its metrics every 15 s as PROGRAM.prom, for node_exporter's textfile collector. Empty: none.",
    },
  },
} as const satisfies SectionTable;
