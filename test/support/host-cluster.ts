import assert from "node:assert/strict";
import { decide } from "../../src/host/decide.ts";
import type { ClusterObservation, FencingEvent, HostObservation } from "../../src/host/driver.ts";
import type { HostEffect, HostMonitorObservation, HostSettings } from "../../src/host/observation.ts";
import { type HostsState, initialState } from "../../src/host/state.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";

/** `[host]`'s defaults, with a driver like Pacemaker's. */
export const SETTINGS: HostSettings = {
  hostname: "node1",
  monitoring_interval: 60,
  monitoring_samples: 1,
  restrict_to_remotes: false,
  ipmi_retry_max: 3,
  ipmi_retry_interval: 10,
  stonith_wait: 30,
  storm_ratio: 0.5,
  storm_minimum: 3,
  storm_window: 600,
  losses_per_hour: 3,
  first_sight_window: 0,
  report_at_once: true,
  reporter_delay: 5,
  second_witness: false,
  host_names: {},
  needsProof: true,
  hasClusterStatus: true,
};

/** 2026-11-28T00:00:00Z */
const WALL = Date.UTC(2026, 10, 28);

type Effect = CommonEffect | HostEffect;
type Check = Extract<HostEffect, { readonly cancelKey: string }>;
export type States = Readonly<Record<string, HostObservation["state"] | Partial<HostObservation>>>;

/** The decisions of one host monitor on what a test has it observe, with the time that the test lets pass. */
export class HostDecisions {
  state: HostsState = initialState;
  effects: Effect[] = [];
  settings: HostSettings;
  #mono = 1_000_000;
  #wall = WALL;
  #looks = 0;
  /** As in the loop: what is observed of a check that was cancelled, or of an earlier sensing run, never gets to `decide`. */
  readonly #checks = new Set<Check>();

  constructor(settings: Partial<HostSettings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
    this.start();
  }

  get at(): { readonly wall: number; readonly mono: number } {
    return { wall: this.#wall, mono: this.#mono };
  }

  /** Sensing begins, with the state as it is. */
  start(): void {
    this.#looks = 0;
    this.#checks.clear();
    this.observe({ kind: "started", at: this.at, bootId: "boot", settings: this.settings });
  }

  /** Lets time pass, with the wakes that are due. */
  pass(seconds: number): void {
    const end = this.#mono + seconds * 1000;
    for (;;) {
      const due = [...this.#wakes].filter(([, at]) => at <= end).sort(([, one], [, other]) => one - other)[0];
      if (due === undefined) break;
      const [key, at] = due;
      this.#wakes.delete(key);
      this.#to(Math.max(at, this.#mono));
      this.observe({ kind: "woke", at: this.at, key });
    }
    this.#to(end);
  }

  /** Sets the wall clock. @param ms forward, or back if negative */
  setClock(ms: number): void {
    this.#wall += ms;
  }

  readonly #wakes = new Map<string, number>();

  #to(mono: number): void {
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }

  /** One observation. @returns what it led to */
  observe(observation: HostMonitorObservation): readonly Effect[] {
    const decision = decide(this.state, observation);
    this.state = decision.state;
    for (const effect of decision.effects) {
      this.effects.push(effect);
      if (effect.kind === "wake") this.#wakes.set(effect.key, this.#mono + effect.afterMs);
      if (effect.kind === "cancelWake") this.#wakes.delete(effect.key);
      if (effect.kind === "cancel") {
        for (const check of this.#checks) if (check.cancelKey === effect.key) this.#checks.delete(check);
      }
      if ("cancelKey" in effect) this.#checks.add(effect);
    }
    this.#compareChecks();
    return decision.effects;
  }

  /** A check is under way exactly as long as a loss waits for it: so none can end in place of another. */
  #compareChecks(): void {
    const awaited = [...this.state.hosts.values()].flatMap(({ name, loss }) => [
      ...(loss?.power.isUnderWay ? [`checkPower ${name}`] : []),
      ...(loss?.api !== undefined && loss.api.result === undefined ? [`checkApi ${name}`] : []),
      ...(loss?.witness !== undefined && loss.witness.result === undefined ? [`checkWitness ${name}`] : []),
    ]);
    const underWay = [...this.#checks].map(({ kind, host }) => `${kind} ${host}`);
    assert.equal(underWay.length, awaited.length, "there are as many checks as losses that wait for one");
    assert.deepEqual(new Set(underWay), new Set(awaited), "the checks under way are those that losses wait for");
  }

  /** One look at the cluster, in which node1 is this host. */
  look(states: States, rest: Partial<ClusterObservation> = {}): readonly Effect[] {
    const hosts = Object.entries(states).map(([name, state]): HostObservation => {
      const given = typeof state === "string" ? { state } : state;
      return {
        name,
        kind: "member",
        ...(given.state === "offline" && { departure: "crash" }),
        state: "online",
        ...given,
      };
    });
    const observation: ClusterObservation = {
      kind: "cluster",
      at: this.at,
      self: { name: "node1", stable: "yes" },
      quorum: "yes",
      heartbeat: "heard",
      interrupted: this.#looks === 0,
      complete: true,
      hosts: [{ name: "node1", kind: "member", state: "online" }, ...hosts],
      maintenance: { cluster: "no" },
      fencing: [],
      problems: [],
      ...rest,
    };
    this.#looks += 1;
    return this.observe(observation);
  }

  /** The check of this kind that is under way; undefined if there is none. @param host the only one that is checked, if not given */
  underWay<Kind extends Check["kind"]>(kind: Kind, host?: string): Extract<Check, { kind: Kind }> | undefined {
    const found = [...this.#checks].filter(
      (check) => check.kind === kind && (host === undefined || check.host === host),
    );
    if (found.length > 1) throw new Error(`${found.length} of ${kind} are under way: ${found.map((one) => one.host)}`);
    return found[0] as Extract<Check, { kind: Kind }> | undefined;
  }

  #end<Kind extends Check["kind"]>(kind: Kind, host?: string): string {
    const check = this.underWay(kind, host);
    if (check === undefined) throw new Error(`${kind} is not under way`);
    this.#checks.delete(check);
    return check.host;
  }

  /** Ends the check of a host's power that is under way. */
  power(of: string, power: "on" | "off" | "unknown", devices = 1): readonly Effect[] {
    const host = this.#end("checkPower", of);
    const result = { power, reason: `the BMC reports ${power}` };
    return this.observe({ kind: "powerChecked", at: this.at, host, result, devices });
  }

  /** Ends the check at Masakari whether another monitor has notified the loss. */
  endApiCheck(result: "notified" | "not notified" | "unknown", of?: string, upAgainAt?: number): readonly Effect[] {
    const up = upAgainAt === undefined ? {} : { upAgainAt };
    return this.observe({ kind: "apiChecked", at: this.at, host: this.#end("checkApi", of), result, ...up });
  }

  /** Ends the check at Nova whether it still hears from the host. */
  endWitnessCheck(service: "alive" | "silent" | "unknown", reason = "as asked"): readonly Effect[] {
    return this.observe({ kind: "witnessChecked", at: this.at, host: this.#end("checkWitness"), service, reason });
  }

  /** Payloads notified so far, as `node2 STOPPED NORMAL`, without those withdrawn while they could still be undelivered. */
  get notified(): readonly string[] {
    return this.effects.flatMap((effect) => {
      if (effect.kind !== "notify") return [];
      const { hostname, payload } = effect.notification;
      return [`${hostname} ${payload.event} ${payload.host_status}`];
    });
  }

  get log(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === "log" ? [effect.text] : []));
  }

  /** The conditions that are set, by name. */
  get problems(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.state.problems].map(([name, { problem }]) => [name, problem]));
  }

  /** Which gates hold a host. */
  holds(name: string): readonly string[] {
    return this.state.hosts.get(name)?.loss?.holds.map(({ gate }) => gate) ?? [];
  }
}

/** A fencing event of the cluster's own. */
export function fencing(
  target: string,
  status: FencingEvent["status"],
  rest: Partial<FencingEvent> = {},
): FencingEvent {
  return {
    id: `${target}-${status}`,
    target,
    action: "reboot",
    status,
    delegate: "node3",
    byHand: false,
    requestedBy: "cluster",
    ...rest,
  };
}
