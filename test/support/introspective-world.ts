import { decide } from "../../src/introspective/decide.ts";
import type { Guest } from "../../src/introspective/guest.ts";
import type {
  IntrospectiveEffect,
  IntrospectiveObservation,
  IntrospectiveSettings,
} from "../../src/introspective/observation.ts";
import { kept, restoreState } from "../../src/introspective/saved-state.ts";
import { type IntrospectiveState, initialState } from "../../src/introspective/state.ts";
import { subjectOf } from "../../src/introspective/subjects.ts";
import type { Monitor, Observe } from "../../src/monitor/contract.ts";
import { ofEach } from "../../src/monitor/kept.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import type { Clock } from "../../src/system/clock.ts";
import type { RealGuest } from "./introspective-guest.ts";
import { IntrospectiveHost } from "./introspective-host.ts";

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

/** A host with guests and the introspective instance monitor, in virtual time. */
export class IntrospectiveWorld extends IntrospectiveHost {
  settings: IntrospectiveSettings;
  override readonly catchUpWithinMs = 600_000;
  #connects = true;

  /** @param openFile of a real disk */
  constructor(settings: Partial<IntrospectiveSettings> = {}, openFile?: (path: string) => StateFile) {
    super(initialState, openFile);
    this.settings = { ...plainSettings, ...settings };
  }

  protected override dueOf(uuid: string): number | undefined {
    return this.state.guests.get(uuid)?.due;
  }

  stateOf(real: RealGuest): Guest | undefined {
    return this.state.guests.get(real.uuid);
  }

  /** The guests whose last notification was not superseded. */
  get standing(): ReadonlySet<string> {
    return new Set([...this.inForce.keys()].map((subject) => subject.slice("guest:".length)));
  }

  /** The guests that were notified, in order. */
  get notifiedGuests(): readonly string[] {
    return this.notified.map(({ notification }) => String(notification.payload.instance_uuid));
  }

  /** The program starts, and is connected at once unless `connect` is false. */
  override startMonitor(connect = true): void {
    this.#connects = connect;
    super.startMonitor();
  }

  override stopMonitor(): void {
    super.stopMonitor();
    this.dropConnection();
  }

  reload(settings: Partial<IntrospectiveSettings>): void {
    this.settings = { ...this.settings, ...settings };
    this.observe({ kind: "settingsChanged", at: this.now(), settings: this.settings });
  }

  connect(): void {
    if (this.running) this.observe({ kind: "surveyed", at: this.now(), guests: this.openConnection() });
  }

  disconnect(): void {
    if (!this.connected) return;
    this.dropConnection();
    this.observe({ kind: "lost", at: this.now() });
  }

  protected override monitor(clock: Clock): Monitor<IntrospectiveState, IntrospectiveObservation, IntrospectiveEffect> {
    return {
      name: "introspectiveinstancemonitor",
      initial: initialState,
      catchUpWithinMs: this.catchUpWithinMs,
      kept,
      restore: restoreState,
      subjects: ofEach((state) => state.guests, subjectOf),
      decide,
      sense: (observe, signal) => this.#sense(clock, observe, signal),
      act: (effect) => Promise.resolve(this.carryOut(effect)),
    };
  }

  async #sense(clock: Clock, observe: Observe<IntrospectiveObservation>, signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.dropConnection();
    observe({ kind: "started", at: clock.now(), bootId: this.bootId, settings: this.settings });
    if (this.#connects) this.connect();
    await ended;
  }
}
