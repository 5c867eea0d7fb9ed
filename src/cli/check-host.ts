import type { Diagnostic } from "../config/diagnostic.ts";
import type { Loaded } from "../config/load.ts";
import { diagnosticAt, originOf } from "../config/origin.ts";
import { DriverError, hasRemotes, loadDriver } from "../host/drivers.ts";
import { parseHostNames } from "../host/host-names.ts";

/** These log in nowhere, so there is no catalog in which Nova could be found. */
const WITHOUT_CATALOG: readonly string[] = ["none", "noauth", "admin_token", "http_basic"];

/** What is wrong with `[host]`, by the functions that the host monitor itself uses. No cluster is asked. */
export async function checkHost({ config: { host, api }, origins }: Loaded): Promise<readonly Diagnostic[]> {
  const found = (severity: "error" | "warning", option: string, message: string): Diagnostic =>
    diagnosticAt(severity, "host", originOf(origins, "host", option), `[host] ${option}: ${message}`);
  const { monitoring_driver: driver } = host;
  const problems = parseHostNames(host.host_names).problems.map((problem) => found("error", "host_names", problem));
  const refused = await driverRefusal(driver);
  if (refused !== undefined) problems.push(found("error", "monitoring_driver", refused));
  if (host.restrict_to_remotes && !hasRemotes(driver)) {
    problems.push(found("warning", "restrict_to_remotes", `has no effect: only Pacemaker has remotes, not ${driver}`));
  }
  if (host.second_witness === "nova" && WITHOUT_CATALOG.includes(api.auth_type)) {
    const reason = `Nova is looked up in Keystone's catalog, and [api] auth_type = ${api.auth_type} has no catalog`;
    problems.push(found("error", "second_witness", reason));
  }
  return problems;
}

/** Drivers that come with the program are there. */
async function driverRefusal(driver: string): Promise<string | undefined> {
  if (!driver.startsWith("/")) return undefined;
  try {
    await loadDriver(driver);
    return undefined;
  } catch (error) {
    if (error instanceof DriverError) return error.reason;
    throw error;
  }
}
