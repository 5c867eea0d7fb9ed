import type { FencingDevice, PowerResult } from "../fencing-device.ts";
import type { PowerCheckParts } from "./power-check.ts";

/** Asks a device for its host's power state. Never rejects; what a run does not use, it does not load. */
export async function checkPower(
  device: FencingDevice,
  parts: PowerCheckParts,
  signal: AbortSignal,
): Promise<PowerResult> {
  switch (device.protocol) {
    case "ipmi":
      return await (await import("./ipmi.ts")).checkIpmiPower(device, parts, signal);
    case "redfish":
      return await (await import("./redfish.ts")).checkRedfishPower(device, parts, signal);
  }
}
