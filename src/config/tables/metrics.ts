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
      help: "Address of that port. Without username there is no login on it, without tls_cert_file no encryption.",
    },
    username: {
      type: "string",
      default: "",
      ours: true,
      help: "User name that every request on that port has to give (HTTP basic authentication). Empty: no login.",
    },
    password: {
      type: "string",
      secret: true,
      ours: true,
      help: "Password that goes with username.",
    },
    password_file: {
      type: "string",
      default: "",
      ours: true,
      help: "File whose first line is that password, instead of password.",
    },
    tls_cert_file: {
      type: "string",
      default: "",
      ours: true,
      help: "PEM file of the port's certificate, followed by those that signed it. Empty: no encryption.",
    },
    tls_key_file: {
      type: "string",
      default: "",
      ours: true,
      help: "PEM file of the certificate's key. Empty: it is in tls_cert_file.",
    },
    textfile_directory: {
      type: "string",
      default: "",
      ours: true,
      help: "Directory in which each program writes its metrics every 15 s as PROGRAM.prom, for node_exporter's textfile collector. Empty: none.",
    },
  },
} as const satisfies SectionTable;
