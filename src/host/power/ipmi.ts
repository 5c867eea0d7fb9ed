import { systemPath } from "../../system/command-environment.ts";
import type { CommandResult } from "../../system/exec.ts";
import { runCommand } from "../../system/exec.ts";
import { printable } from "../../system/printable.ts";
import type { IpmiDevice, PowerResult, Secret } from "../fencing-device.ts";
import { PasswordError, readPassword } from "./password.ts";
import type { PowerCheckParts } from "./power-check.ts";
import { Slots } from "./slots.ts";

/** A rack may lose its power at once; each ipmitool takes 3 MB. */
const AT_ONCE = 16;
const slots = new Slots(AT_ONCE);

/**
 * Asks a BMC by ipmitool whether the power of its host is on. Upstream passes the password by `-P`, which everybody on the host can read in
 * /proc; here it goes by the environment. Upstream takes any line on stderr for a failure; here the exit code and the output count, as
 * ipmitool 1.8.19 warns on stderr about BMCs that do not list their cipher suites.
 * Never throws: what prevents a result is "unknown" with a reason.
 */
export async function checkIpmiPower(
  device: IpmiDevice,
  parts: PowerCheckParts,
  signal: AbortSignal,
): Promise<PowerResult> {
  try {
    const password = await readPassword(device.password, parts, signal);
    return await slots.run(async () => resultOf(device, await askBmc(device, password, parts, signal)), signal);
  } catch (error) {
    if (error instanceof PasswordError) return { power: "unknown", reason: `BMC ${shown(device)}: ${error.message}` };
    if (signal.aborted) return { power: "unknown", reason: "the check was cancelled" };
    throw error;
  }
}

async function askBmc(
  device: IpmiDevice,
  password: Secret,
  parts: PowerCheckParts,
  signal: AbortSignal,
): Promise<CommandResult> {
  const env = {
    IPMI_PASSWORD: password.reveal(),
    PATH: systemPath(process.env),
    LC_ALL: "C",
  };
  return await runCommand(ipmitoolWords(device), { asRoot: false, endOnAbort: true, env, ...parts }, signal);
}

function ipmitoolWords({
  interface: link,
  address,
  port,
  target,
  user,
  auth,
  privilege,
  cipher,
}: IpmiDevice): readonly string[] {
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return [
    ...["ipmitool", "-I", link, "-H", address, ...option("-p", port), ...option("-t", target)],
    ...[...option("-U", user), ...option("-A", auth), "-E", ...option("-L", privilege), ...option("-C", cipher)],
    ...["chassis", "power", "status"],
  ];
}

function resultOf(device: IpmiDevice, { outcome, code, summary, stdout, stderr }: CommandResult): PowerResult {
  const bmc = `BMC ${shown(device)}`;
  if (outcome !== "exited") return { power: "unknown", reason: `${bmc}: ipmitool ${summary}` };
  const power = /^Chassis Power is (on|off)\s*$/m.exec(stdout.text)?.[1];
  if (code === 0 && (power === "on" || power === "off"))
    return { power, reason: `${bmc} reports that the power is ${power}` };
  const line = printable(stderr.text.trim().split("\n").at(-1) ?? "").slice(0, 200);
  return { power: "unknown", reason: `${bmc}: ${line || `ipmitool ${summary} without a power state`}` };
}

const shown = ({ id, address }: IpmiDevice): string => printable(`${address} (${id})`).slice(0, 200);
