import { InvalidArgumentError, Option } from "commander";

export const recoveryMethods = ["auto", "reserved_host", "auto_priority", "rh_priority"] as const;
export const notificationTypes = ["COMPUTE_HOST", "VM", "PROCESS"] as const;

export const recoveryMethodOption = (): Option => new Option("--recovery-method <METHOD>").choices(recoveryMethods);

/** Without a value, an option of this kind is true. The words are oslo's. */
export function truth(value: string): boolean {
  if (/^(true|yes|on|1|t|y)$/i.test(value)) return true;
  if (/^(false|no|off|0|f|n)$/i.test(value)) return false;
  throw new InvalidArgumentError("true or false is expected.");
}
