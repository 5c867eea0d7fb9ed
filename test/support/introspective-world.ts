import { decide } from "../../src/introspective/decide.ts";
import type { Guest } from "../../src/introspective/guest.ts";
import type {
  IntrospectiveEffect,
  IntrospectiveObservation,
  IntrospectiveSettings,
} from "../../src/introspective/observation.ts";
import { kept, restoreState } from "../../src/introspective/saved-state.ts";
import { type IntrospectiveState, initialState } from "../../src/introspective/state.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import type { RealGuest } from "./introspective-guest.ts";
import { IntrospectiveHost } from "./introspective-host.ts";
import { savedOf } from "./saved.ts";

/** `[introspectiveinstancemonitor]` at its defaults. */
export const plainSettings: IntrospectiveSettings = {
  hostname: "compute-1",
  guest_monitoring_interval: 10,
  guest_monitoring_timeout: 2,
  guest_monitoring_failure_threshold: 3,
  compat: false,
  agent_disconnected: "failure",
  leave_alone_restarting: false,
  leave_alone_migrating: false,
  minimum_uptime: 0,
  check_io: false,
  max_reports: 0,
  report_window: 3600,
  max_agent_commands: 4,
  max_suspect_commands: 3,
  suspect_response_timeout: 0,
  agent_occupied_limit: 3600,
};

interface Notified {
  readonly at: number;
  readonly uuid: string;
  readonly generatedTime: string;
}

/** The loop around `decide` on a host with guests, under a virtual clock. */
export class IntrospectiveWorld extends IntrospectiveHost {
  state: IntrospectiveState = initialState;
  settings: IntrospectiveSettings;
  bootId = "boot-1";
  readonly notified: Notified[] = [];
  readonly superseded: Notified[] = [];
  /** Subjects whose last word in the outbox is a notification. */
  readonly standing = new Map<string, Notified>();
  /** When the monitor last said that what earlier runs left may be sent, mono; undefined since its start. */
  caughtUpAt: number | undefined;
  onDecision: (
    before: IntrospectiveState,
    observation: IntrospectiveObservation,
    effects: readonly (CommonEffect | IntrospectiveEffect)[],
  ) => void = () => undefined;
  /** Conditions that are not well. */
  readonly conditions = new Map<string, string>();
  #running = false;
  #incarnation = 0;
  #wakes = new Map<string, object>();
  #observations: IntrospectiveObservation[] = [];
  #deciding = false;

  constructor(settings: Partial<IntrospectiveSettings> = {}) {
    super();
    this.settings = { ...plainSettings, ...settings };
  }

  protected override dueOf(uuid: string): number | undefined {
    return this.state.guests.get(uuid)?.due;
  }

  stateOf(real: RealGuest): Guest | undefined {
    return this.state.guests.get(real.uuid);
  }

  /** The program starts, and is connected at once unless `connect` is false. */
  startMonitor(connect = true): void {
    this.caughtUpAt = undefined;
    this.note("monitor starts");
    this.dropConnection();
    this.#running = true;
    this.observe({ kind: "started", at: this.now(), bootId: this.bootId, settings: this.settings });
    if (connect) this.connect();
  }

  /** As by kill -9: only what was saved is left. */
  stopMonitor(): void {
    this.note("monitor is killed");
    this.#running = false;
    this.#incarnation++;
    this.dropConnection();
    this.#wakes = new Map();
    this.state = restoreState(savedOf(kept, this.state)) ?? initialState;
  }

  reload(settings: Partial<IntrospectiveSettings>): void {
    this.settings = { ...this.settings, ...settings };
    this.observe({ kind: "settingsChanged", at: this.now(), settings: this.settings });
  }

  connect(): void {
    if (!this.#running) return;
    this.observe({ kind: "surveyed", at: this.now(), guests: this.openConnection() });
  }

  disconnect(): void {
    if (!this.connected) return;
    this.dropConnection();
    this.observe({ kind: "lost", at: this.now() });
  }

  /** The monitor's program. */
  get running(): boolean {
    return this.#running;
  }

  observe(observation: IntrospectiveObservation): void {
    this.#observations.push(observation);
    if (this.#deciding) return;
    this.#deciding = true;
    for (let next = this.#observations.shift(); next; next = this.#observations.shift()) this.#decide(next);
    this.#deciding = false;
  }

  #decide(observation: IntrospectiveObservation): void {
    const before = this.state;
    const { state, effects } = decide(before, observation);
    this.state = state;
    for (const effect of effects) this.#owe(effect);
    this.onDecision(before, observation, effects);
    for (const effect of effects) this.#act(effect);
  }

  #owe(effect: CommonEffect | IntrospectiveEffect): void {
    if (effect.kind === "notify") {
      const { payload, generated_time: generatedTime } = effect.notification;
      const notified = { at: this.mono, uuid: String(payload.instance_uuid), generatedTime };
      this.notified.push(notified);
      this.standing.set(notified.uuid, notified);
      this.note(`notify ${notified.uuid}`);
    }
    if (effect.kind === "supersede") {
      const uuid = effect.subject.slice("guest:".length);
      const was = this.standing.get(uuid);
      if (was) this.superseded.push(was);
      this.standing.delete(uuid);
      this.note(`supersede ${uuid}: ${effect.reason}`);
    }
  }

  #act(effect: CommonEffect | IntrospectiveEffect): void {
    switch (effect.kind) {
      case "caughtUp":
        this.caughtUpAt ??= this.mono;
        return;
      case "setCondition":
        if (effect.problem === undefined) this.conditions.delete(effect.condition.name);
        else this.conditions.set(effect.condition.name, effect.problem);
        return;
      case "log":
        this.note(`${effect.level}: ${effect.text}`);
        return;
      case "wake":
        this.#wake(effect.key, effect.afterMs);
        return;
      case "cancelWake":
        this.#wakes.delete(effect.key);
        return;
      case "notify":
      case "supersede":
      case "cancel":
        return;
      default:
        this.carryOut(effect);
    }
  }

  #wake(key: string, afterMs: number): void {
    const token = {};
    const incarnation = this.#incarnation;
    this.#wakes.set(key, token);
    this.after(afterMs, () => {
      if (incarnation !== this.#incarnation || this.#wakes.get(key) !== token) return;
      this.#wakes.delete(key);
      this.observe({ kind: "woke", at: this.now(), key });
    });
  }
}
