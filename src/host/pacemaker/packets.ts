import type { Clock } from "../../system/clock.ts";
import { runCommand } from "../../system/exec.ts";
import { printable } from "../../system/printable.ts";
import type { ClusterObservation } from "../driver.ts";
import type { ToolsParts } from "./tools.ts";

/** `[host]`, as far as listening for packets needs it. */
export interface PacketSettings {
  readonly corosync_multicast_interfaces: readonly string[];
  readonly corosync_multicast_ports: readonly number[];
  /** s */
  readonly tcpdump_timeout: number;
}

interface Heard {
  readonly heartbeat: ClusterObservation["heartbeat"];
  /** Why it is not known, with what to do. */
  readonly problem?: string;
}

/** Longest name of a network interface (IFNAMSIZ). It goes into a shell's command line for `script`. */
const INTERFACE = /^[A-Za-z0-9_.:@-]{1,15}$/;

/**
 * Listens for Corosync's packets as upstream does, by tcpdump on each configured interface, but for incoming ones only (upstream takes
 * this host's own packets for its peers' when a switch has failed) and in immediate mode (0.2 s instead of 1).
 */
export class PacketListener {
  readonly #parts: ToolsParts;
  readonly #settings: () => PacketSettings;

  constructor(parts: ToolsParts, settings: () => PacketSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** One interface that hears a packet is enough; each has `tcpdump_timeout`, all at once. */
  async listen(signal: AbortSignal): Promise<Heard> {
    const { corosync_multicast_interfaces: names, corosync_multicast_ports: ports } = this.#settings();
    const problem = misconfiguration(names, ports);
    if (problem !== undefined) return { heartbeat: "unknown", problem };
    const first = new AbortController();
    const until = AbortSignal.any([signal, first.signal]);
    const listenOn = async (name: string, index: number): Promise<string> => {
      const result = await this.#listenOn(name, ports[index] ?? 0, until);
      if (result === "heard") first.abort();
      return result;
    };
    const results = await Promise.all(names.map(listenOn));
    if (results.includes("heard")) return { heartbeat: "heard" };
    const failure = results.find((result) => result !== "silent");
    return failure === undefined ? { heartbeat: "silent" } : { heartbeat: "unknown", problem: failure };
  }

  /** @returns `heard`, `silent`, or why it could not be determined */
  async #listenOn(name: string, port: number, signal: AbortSignal): Promise<string> {
    const { clock, onStart, onEnd } = this.#parts;
    const words = ["tcpdump", "-n", "-c", "1", "-p", "--immediate-mode", "-Q", "in", "-i", name, "port", String(port)];
    const timeoutMs = this.#settings().tcpdump_timeout * 1000;
    const options = { asRoot: false, timeoutMs, clock: clock satisfies Clock, endOnAbort: true, onStart, onEnd };
    const isRoot = process.geteuid?.() === 0;
    const { outcome, code, summary, stdout, stderr } = await runCommand(
      isRoot ? words : inTerminal(words),
      options,
      signal,
    );
    if (outcome === "timed-out") return "silent";
    if (outcome === "exited" && code === 0) return "heard";
    const line = `${stdout.text}${stderr.text}`.trim().split("\n").at(-1) ?? "";
    return `tcpdump on ${name}: ${printable(line).slice(0, 200) || summary}`;
  }
}

/**
 * By sudo, in a terminal of its own (script(1)): what sudo runs takes no signal from an ordinary user, but ends when its terminal is
 * closed, as it is when `script` is ended.
 */
function inTerminal(words: readonly string[]): readonly string[] {
  return ["script", "--quiet", "--return", "--command", `sudo -n ${words.join(" ")}`, "/dev/null"];
}

function misconfiguration(names: readonly string[], ports: readonly number[]): string | undefined {
  if (names.length === 0 && ports.length === 0) {
    return "corosync_multicast_interfaces and corosync_multicast_ports of [host] are not set; set them, or give this user the right to run corosync-quorumtool and corosync-cfgtool";
  }
  if (names.length !== ports.length) {
    return `[host] corosync_multicast_interfaces has ${names.length} entries and corosync_multicast_ports ${ports.length}; each port needs its interface`;
  }
  const wrong = names.find((name) => !INTERFACE.test(name));
  return wrong === undefined
    ? undefined
    : `[host] corosync_multicast_interfaces: ${printable(wrong)} is not the name of an interface`;
}
