import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { GuestEvent } from "../../src/instance/observation.ts";

/** What a real libvirtd 9.0.0 with QEMU 7.2 emitted for one action, and what the Python monitor made of it. */
export interface LibvirtCapture {
  readonly name: string;
  readonly uuid: string;
  readonly events: readonly GuestEvent[];
  /** `payload.event/payload.vir_domain_event`, in the order in which their events came. */
  readonly notified: readonly string[];
}

const folder = fileURLToPath(new URL("../fixtures/libvirt/captures/", import.meta.url));

const LIFECYCLE_WORDS: Readonly<Record<string, string>> = {
  "Shutdown Finished after guest request": "SHUTDOWN GUEST",
  "Shutdown Finished after host request": "SHUTDOWN HOST",
  "Suspended I/O Error": "SUSPENDED IOERROR",
};

export const libvirtCaptures: readonly LibvirtCapture[] = globSync(`${folder}*.txt`).sort().map(readCapture);

/** What the Python monitor notified in this capture, a burst of equal notifications once. */
export function notificationsOf(name: string): string[] {
  const capture = libvirtCaptures.find((one) => one.name === name);
  if (capture === undefined) throw new Error(`there is no capture ${name}`);
  return [...new Set(capture.notified)];
}

function readCapture(path: string): LibvirtCapture {
  const text = readFileSync(path, "utf8");
  const bodies = text
    .split("\n")
    .filter((line) => line.startsWith('{"payload"'))
    .map((line) => JSON.parse(line) as { payload: Record<string, string>; generated_time: string })
    // Upstream sends from a thread for each event, so that the order of arrival means nothing.
    .sort((one, other) => one.generated_time.localeCompare(other.generated_time));
  return {
    name: basename(path, ".txt"),
    uuid: bodies[0]?.payload.instance_uuid ?? "31b00425-2813-4015-ad5b-55ef72e4ad8e",
    events: text
      .split("\n")
      .map(eventOf)
      .filter((event) => event !== undefined),
    notified: bodies.map(({ payload }) => `${payload.event}/${payload.vir_domain_event}`),
  };
}

/** One line of `virsh event`. The guest agent's events are not this monitor's. */
function eventOf(line: string): GuestEvent | undefined {
  const [, kind, rest = ""] = /event '([\w-]+)' for domain '[\w-]+'(?:: (.*))?$/.exec(line) ?? [];
  switch (kind) {
    case "lifecycle": {
      const [event = "", detail = ""] = (LIFECYCLE_WORDS[rest] ?? rest.toUpperCase()).split(" ");
      return { kind: "lifecycle", event, detail };
    }
    case "watchdog":
      return { kind: "watchdog", action: rest.toUpperCase().replace("-", "") };
    case "io-error":
      return { kind: "ioError", action: rest.split(" ").at(-1)?.toUpperCase() ?? "" };
    case "io-error-reason":
      return { kind: "ioErrorReason" };
    case "reboot":
      return { kind: "reboot" };
    default:
      return undefined;
  }
}
