import type { Diagnostic } from "./diagnostic.ts";
import type { Option, OptionValue } from "./option.ts";
import { diagnosticAt, type Origins, originOf } from "./origin.ts";
import { PythonPatternError, pythonPattern } from "./python-pattern.ts";
import { type Config, sections } from "./sections.ts";

// What masakari-api takes for a host name (its notification schema).
const HOST_NAME = /^[a-zA-Z0-9._-]{1,255}$/;

/** What no single row of the tables can express: values that do not go together, or that Masakari will refuse. */
export function checkValues(config: Config, origins: Origins): Diagnostic[] {
  const found: Diagnostic[] = continuations(config, origins);
  const { DEFAULT, host, introspectiveinstancemonitor } = config;
  if (!HOST_NAME.test(DEFAULT.hostname)) {
    const message =
      "[DEFAULT] hostname must be 1 to 255 letters, digits, dots, dashes and underscores; Masakari refuses any other";
    found.push(diagnosticAt("error", "DEFAULT", originOf(origins, "DEFAULT", "hostname"), message));
  }
  const [interfaces, ports] = [host.corosync_multicast_interfaces.length, host.corosync_multicast_ports.length];
  const ofPacemaker = host.monitoring_driver === "default" || host.monitoring_driver === "simple";
  // A remote node does not talk Corosync; openstack-helm sets ports only.
  if (interfaces !== ports && ofPacemaker && host.pacemaker_node_type !== "remote") {
    const longer = interfaces > ports ? "corosync_multicast_interfaces" : "corosync_multicast_ports";
    const message = `[host] corosync_multicast_interfaces has ${interfaces} and corosync_multicast_ports ${ports} items; each interface needs its port`;
    found.push(diagnosticAt("warning", "host", originOf(origins, "host", longer), message));
  }
  for (const item of host.host_names) {
    const [driverName = "", name = "", ...more] = item.split("=").map((part) => part.trim());
    if (driverName !== "" && HOST_NAME.test(name) && more.length === 0) continue;
    const message = `[host] host_names: ${JSON.stringify(item)} is not of the form DRIVER'S NAME=MASAKARI'S NAME`;
    found.push(diagnosticAt("error", "host", originOf(origins, "host", "host_names"), message));
  }
  const problem = patternProblem(introspectiveinstancemonitor.qemu_guest_agent_sock_path);
  if (problem !== undefined) {
    const [section, name] = ["introspectiveinstancemonitor", "qemu_guest_agent_sock_path"];
    const message = `[${section}] ${name} cannot be used as a Python regular expression: ${problem}`;
    found.push(diagnosticAt("error", section, originOf(origins, section, name), message));
  }
  return found;
}

/**
 * Texts, and items of lists, that go on on the next line. oslo.config reads them so, and no option here has any use for it: the
 * line below was indented by mistake, and the option on it is missing. It is not shown, because it may be the password.
 */
function continuations(config: Config, origins: Origins): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [section, table] of Object.entries(sections)) {
    const values = config[section as keyof Config] as Readonly<Record<string, OptionValue>>;
    for (const [name, option] of Object.entries(table.options as Readonly<Record<string, Option>>)) {
      if (option.noEffect !== undefined || ![values[name]].flat().some((text) => String(text).includes("\n"))) continue;
      const message = `[${section}] ${name} continues on the next line, because that begins with white space; remove the white space there`;
      found.push(diagnosticAt("error", section, originOf(origins, section, name), message));
    }
  }
  return found;
}

function patternProblem(pattern: string): string | undefined {
  try {
    pythonPattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PythonPatternError) return error.message;
    throw error;
  }
}
