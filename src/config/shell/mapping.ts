import { capped, type Diagnostic, diagnostic, shortened } from "../diagnostic.ts";
import type { Assignment, IniFile } from "../ini.ts";
import { didYouMean } from "../suggest.ts";
import { escapeDollars } from "../write-value.ts";
import type { ShellAssignment, ShellFile } from "./assignments.ts";

/** Which of the two files of the shell generation. */
export type ShellProgram = "hostmonitor" | "processmonitor";

interface Target {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** What a variable became: options, or why it has none; `caution` is reported in any case. */
interface Counterpart {
  readonly targets: readonly Target[];
  readonly caution?: string;
}

type Mapping = (value: string) => Counterpart;

const to =
  (...places: readonly `${string}.${string}`[]): Mapping =>
  (value) => ({
    targets: places.map((place) => {
      const [section = "", name = ""] = place.split(".");
      return { section, name, value };
    }),
  });

const nothing =
  (caution: string): Mapping =>
  () => ({ targets: [], caution });

const common: Readonly<Record<string, Mapping>> = {
  LOG_LEVEL: (value) => ({ targets: [{ section: "DEFAULT", name: "debug", value: String(value === "debug") }] }),
  DOMAIN: to("api.user_domain_name", "api.project_domain_name"),
  ADMIN_USER: to("api.username"),
  ADMIN_PASS: to("api.password"),
  PROJECT: to("api.project_name"),
  REGION: to("api.region"),
  AUTH_URL: to("api.auth_url"),
};

const mappings: Readonly<Record<ShellProgram, Readonly<Record<string, Mapping>>>> = {
  hostmonitor: {
    ...common,
    MONITOR_INTERVAL: to("host.monitoring_interval"),
    NOTICE_TIMEOUT: to("api.timeout"),
    NOTICE_RETRY_COUNT: to("host.api_retry_max"),
    NOTICE_RETRY_INTERVAL: to("host.api_retry_interval"),
    STONITH_WAIT: to("host.stonith_wait"),
    STONITH_TYPE: (value) => ({
      targets: [{ section: "host", name: "disable_ipmi_check", value: String(value !== "ipmi") }],
      ...(value === "ipmi"
        ? {}
        : { caution: "is not ipmi: lost hosts are reported without asking a BMC whether they are off" }),
    }),
    TCPDUMP_TIMEOUT: to("host.tcpdump_timeout"),
    IPMI_TIMEOUT: to("host.ipmi_timeout"),
    IPMI_RETRY_MAX: to("host.ipmi_retry_max"),
    IPMI_RETRY_INTERVAL: to("host.ipmi_retry_interval"),
    MAX_CHILD_PROCESS: nothing("has no counterpart: no child processes are used"),
    HA_CONF: nothing(
      "has no counterpart: set [host] corosync_multicast_interfaces and corosync_multicast_ports as in that file",
    ),
    IGNORE_RESOURCE_GROUP_NAME_PATTERN: nothing("has no counterpart: resources are not counted"),
  },
  processmonitor: {
    ...common,
    PROCESS_CHECK_INTERVAL: to("process.check_interval"),
    PROCESS_REBOOT_RETRY: to("process.restart_retries"),
    REBOOT_INTERVAL: to("process.restart_interval"),
    MASAKARI_API_SEND_TIMEOUT: to("api.timeout"),
    MASAKARI_API_SEND_RETRY: to("process.api_retry_max"),
    MASAKARI_API_SEND_DELAY: to("process.api_retry_interval"),
  },
};

/** Every variable that is read from the file. */
export const variablesOf = (program: ShellProgram): readonly string[] => Object.keys(mappings[program]);

/** The options that a variable sets. */
export const targetsOf = (program: ShellProgram, variable: string): readonly Target[] =>
  mappings[program][variable]?.("").targets ?? [];

function convert(program: ShellProgram, file: string, shell: ShellAssignment, diagnostics: Diagnostic[]): Assignment[] {
  const mapping = mappings[program][shell.name];
  const warn = (message: string): void => {
    diagnostics.push(diagnostic("warning", { file, line: shell.line }, `${shortened(shell.name)} ${message}`));
  };
  if (!mapping) {
    warn(
      `is not a variable of ${program}.conf; it is ignored${didYouMean(shell.name, Object.keys(mappings[program]))}`,
    );
    return [];
  }
  // An empty variable meant the default.
  if (shell.value === "") return [];
  const { targets, caution } = mapping(shell.value);
  if (caution !== undefined) warn(caution);
  return targets.map(({ section, name, value }) => ({
    section,
    key: name,
    value: escapeDollars(value),
    line: shell.line,
  }));
}

/** The options that a `hostmonitor.conf` or `processmonitor.conf` sets, as if they stood in an oslo.config file. */
export function shellAsIni(program: ShellProgram, shell: ShellFile): IniFile {
  const diagnostics: Diagnostic[] = [...shell.diagnostics];
  // The shell took the last value of a variable.
  const last = new Map(shell.assignments.map((assignment) => [assignment.name, assignment]));
  const assignments = [...last.values()].flatMap((assignment) => convert(program, shell.file, assignment, diagnostics));
  return { file: shell.file, assignments, sections: [], diagnostics: capped(shell.file, diagnostics) };
}
