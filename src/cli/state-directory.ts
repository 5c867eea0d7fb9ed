import { statSync } from "node:fs";
import { messageOf } from "../system/message-of.ts";

/** Why a command cannot use the state directory, for an operator; undefined if it is there. */
export function whyNoStateDirectory(statePath: string): string | undefined {
  const named = `${statePath} ([DEFAULT] state_path)`;
  try {
    if (statSync(statePath, { throwIfNoEntry: false }) !== undefined) return undefined;
  } catch (error) {
    return `${named} cannot be read; run this as root or as the monitors' user: ${messageOf(error)}`;
  }
  return `${named} does not exist: no monitor has run here with this configuration`;
}
