import { printable } from "../../system/printable.ts";
import { sendAlert } from "./alert-socket.ts";

/** Variables that Pacemaker sets for an alert agent (Pacemaker Explained, "Alerts"). */
type AlertEnvironment = Readonly<Record<string, string | undefined>>;

/** Resources start, stop and are monitored all the time. */
const KINDS: ReadonlySet<string> = new Set(["node", "fencing"]);

/**
 * What `masakari-monitors pacemaker-alert` does: Pacemaker runs it, as hacluster and without arguments, on each alert; it makes the host
 * monitor of this host look at once. An alert is not a fact: those of a cut-off minority call every healthy peer lost.
 * @returns what was reported, or why nothing was
 * @throws Error nobody listens
 */
export async function forwardAlert(environment: AlertEnvironment, address?: string): Promise<string> {
  const { CRM_alert_kind: kind = "", CRM_alert_node: node = "", CRM_alert_desc: desc = "" } = environment;
  if (!KINDS.has(kind))
    return kind === "" ? "not run by Pacemaker: CRM_alert_kind is not set" : `ignored: of kind ${printable(kind)}`;
  const what = printable(`${kind} ${node}: ${desc}`).slice(0, 300);
  await sendAlert(what, address);
  return what;
}

/** The command that makes Pacemaker run the agent on all hosts. @param path of the agent, the same on every host */
export function registrationCommand(path: string): readonly string[] {
  const attribute = path.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
  const alert =
    `<alerts><alert id="masakari-monitors" path="${attribute}"><meta_attributes id="masakari-monitors-meta">` +
    '<nvpair id="masakari-monitors-timeout" name="timeout" value="10s"/></meta_attributes>' +
    "<select><select_nodes/><select_fencing/></select></alert></alerts>";
  return ["cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-text", alert];
}
