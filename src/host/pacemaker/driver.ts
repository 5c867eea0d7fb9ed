import type { ClusterObservation, DriverParts, DriverProblem, HostDriver } from "../driver.ts";
import type { FencingLookup } from "../fencing-device.ts";
import { LookSchedule } from "../look-schedule.ts";
import { listenForAlerts } from "./alert-socket.ts";
import { FencingDevices } from "./fencing-devices.ts";
import { Looker } from "./look.ts";
import { PacketListener } from "./packets.ts";
import { EVENTS, FENCING_DEVICES, FENCING_ORDER } from "./problems.ts";
import { Tools } from "./tools.ts";
import { watchMembers } from "./watch-members.ts";

/** After a look, ms, the processes of the next one are made, unless that comes sooner. */
const PREPARE_AFTER_MS = 2000;

/** Sees the hosts of the Pacemaker cluster that this host is a member or a remote node of. */
export function createDriver(parts: DriverParts): HostDriver {
  return new PacemakerDriver(parts);
}

class PacemakerDriver implements HostDriver {
  readonly name = "Pacemaker";
  readonly #parts: DriverParts;
  readonly #tools: Tools;
  readonly #looker: Looker;
  readonly #schedule: LookSchedule;
  readonly #fencingDevices: FencingDevices;
  /** That of the sensing under way. */
  #sensing: AbortSignal | undefined;
  /** Why Corosync reports no changes; undefined while it does. */
  #noMemberEvents: string | undefined = "not established yet";
  #hasAlerts = false;
  #interrupted = true;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#tools = new Tools(parts);
    this.#fencingDevices = new FencingDevices(this.#tools);
    const packets = new PacketListener(parts, () => parts.config().host);
    this.#looker = new Looker({ ...parts, tools: this.#tools, packets, onLate: () => this.#schedule.lookNow() });
    this.#schedule = new LookSchedule(parts.clock, () => parts.config().host.monitoring_interval * 1000);
  }

  async sense(observe: (observation: ClusterObservation) => void, signal: AbortSignal): Promise<void> {
    const { clock, log, onStart, onEnd } = this.#parts;
    this.#interrupted = true;
    this.#sensing = signal;
    const watching = watchMembers(
      {
        clock,
        onStart,
        onEnd,
        onChange: () => this.#schedule.event(),
        onInterruption: () => {
          this.#interrupted = true;
          this.#schedule.event();
        },
        onProblem: (problem) => {
          this.#noMemberEvents = problem;
        },
      },
      signal,
    );
    const onAlert = (what: string): void => {
      this.#hasAlerts = true;
      log.debug(`Pacemaker alert: ${what}`);
      this.#schedule.event();
    };
    const onProblem = (problem: string): void => log.warning(`Pacemaker alerts are not received: ${problem}`);
    const listening = listenForAlerts({ clock, onAlert, onProblem }, signal);
    while (!signal.aborted) {
      const observation = await this.#look(signal);
      if (signal.aborted) break;
      observe(observation);
      // Not at once: what was just observed may lead to a request.
      const preparing = clock.setTimer(PREPARE_AFTER_MS, () => this.#tools.prepare());
      await this.#schedule.untilNext(observation, signal);
      preparing.cancel();
    }
    this.#tools.endPrepared();
    await Promise.all([watching, listening]);
  }

  lookNow(): void {
    this.#schedule.lookNow();
  }

  async findFencingDevices(host: string, signal: AbortSignal): Promise<FencingLookup> {
    return await this.#fencingDevices.find(host, this.#sensing ?? signal);
  }

  async checkRights(signal: AbortSignal): Promise<readonly DriverProblem[]> {
    const { problems } = await this.#looker.look(signal);
    const devices = this.#fencingDevices;
    const [{ problem }, order] = await Promise.all([devices.find(undefined, signal), devices.orderProblem(signal)]);
    return [
      ...problems,
      ...(problem === undefined ? [] : [{ ...FENCING_DEVICES, problem }]),
      ...(order === undefined ? [] : [{ ...FENCING_ORDER, problem: order }]),
    ];
  }

  async #look(signal: AbortSignal): Promise<ClusterObservation> {
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    const look = await this.#looker.look(signal);
    if (!look.complete) this.#interrupted = true;
    return { ...look, interrupted, problems: [...look.problems, ...this.#eventProblems(look)] };
  }

  #eventProblems({ hosts, self }: Pick<ClusterObservation, "hosts" | "self">): readonly DriverProblem[] {
    const isRemote = hosts.some(({ name, kind }) => name === self.name && kind === "remote");
    if (this.#hasAlerts || this.#noMemberEvents === undefined) return [];
    const reason = isRemote ? "Corosync does not run on a remote node" : this.#noMemberEvents;
    return [
      { ...EVENTS, problem: `${reason}; register the alert agent (masakari-monitors pacemaker-alert --register)` },
    ];
  }
}
