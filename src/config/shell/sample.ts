import { comment } from "../comment.ts";
import type { Option } from "../option.ts";
import { sections } from "../sections.ts";
import { plainText } from "../write-value.ts";
import { type ShellProgram, targetsOf, variablesOf } from "./mapping.ts";

interface Sample {
  readonly value: string;
  readonly help: string;
}

/** Variables that stand for no single option, or whose value is another in each cloud. */
const explicit: Readonly<Record<string, Sample>> = {
  LOG_LEVEL: { value: "info", help: "info or debug." },
  DOMAIN: { value: "Default", help: "Name of the domain of the user and of the project." },
  ADMIN_USER: { value: "masakari", help: "Name of the user." },
  ADMIN_PASS: { value: "PASSWORD", help: "Password of the user." },
  PROJECT: { value: "service", help: "Name of the project." },
  AUTH_URL: { value: "http://controller:5000/v3", help: "URL of Keystone." },
  STONITH_TYPE: {
    value: "ipmi",
    help: "ipmi: ask the BMC of a lost host whether its power is off. ssh: report a lost host without a query.",
  },
  MAX_CHILD_PROCESS: { value: "3", help: "Has no effect." },
  HA_CONF: {
    value: "/etc/corosync/corosync.conf",
    help: "Has no effect: set corosync_multicast_interfaces and corosync_multicast_ports in [host] of masakarimonitors.conf.",
  },
  IGNORE_RESOURCE_GROUP_NAME_PATTERN: { value: "stonith", help: "Has no effect." },
};

/** What is known of an option of masakarimonitors.conf. */
function ofOption(program: ShellProgram, variable: string): Sample {
  const [target] = targetsOf(program, variable);
  const { section = "", name = "" } = target ?? {};
  const options: Readonly<Record<string, Option>> = sections[section as keyof typeof sections]?.options ?? {};
  const option = options[name];
  if (option === undefined) throw new RangeError(`${variable} of ${program}.conf stands for no option`);
  return { value: plainText(option.default), help: `${option.help} ([${section}] ${name})` };
}

/** A sample of a file of the shell generation: every variable that is read from it. */
export function renderShellSample(program: ShellProgram): string {
  const blocks = variablesOf(program).map((variable) => {
    const { value, help } = explicit[variable] ?? ofOption(program, variable);
    return [...comment(help), `${variable}=${/^\d+$/.test(value) ? value : JSON.stringify(value)}`].join("\n");
  });
  const head = comment(
    `The shell generation's ${program}.conf. It is read if there is no masakarimonitors.conf; masakari-monitors migrate-config converts it.`,
  );
  return `${[head.join("\n"), ...blocks].join("\n\n")}\n`;
}
