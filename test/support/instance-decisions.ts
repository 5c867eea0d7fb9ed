import { decide } from "../../src/instance/decide.ts";
import type {
  GuestEvent,
  InstanceEffect,
  InstanceObservation,
  InstanceSettings,
  Look,
} from "../../src/instance/observation.ts";
import { kept, restoreState } from "../../src/instance/saved-state.ts";
import { type InstanceState, initialState } from "../../src/instance/state.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import { isAmong, type Notification } from "../../src/notify/notification.ts";
import { savedOf } from "./saved.ts";

export const GUEST = "48d215c8-8582-45ec-99a0-8253e84ee857";

export const instanceSettings: InstanceSettings = {
  hostname: "compute1",
  notify_guest_panic: true,
  collapse_window: 2,
  qemu_log_directory: "/var/log/libvirt/qemu",
};

/** `payload.event/payload.vir_domain_event` */
export function vmEventIn({ payload }: Notification): string {
  return `${payload.event}/${payload.vir_domain_event}`;
}

/** The instance monitor's decisions, an outbox that delivers nothing, and a clock that a test moves. */
export class InstanceDecisions {
  state: InstanceState = initialState;
  readonly settings: InstanceSettings;
  readonly effects: (CommonEffect | InstanceEffect)[] = [];
  /** What was notified, whatever became of it. */
  readonly notified: Notification[] = [];
  /** What is still to be delivered. */
  pending: Notification[] = [];
  /** True: a test supplies QEMU's logs; else none can be read. */
  readsLogs = false;
  bootId = "boot-1";
  mono = 1000;
  eventCount = 0;

  constructor(settings: Partial<InstanceSettings> = {}) {
    this.settings = { ...instanceSettings, ...settings };
  }

  /** A monitor that has seen all domains: these, and no others. */
  static watching(looks: readonly Partial<Look>[] = [{}], settings: Partial<InstanceSettings> = {}): InstanceDecisions {
    const decisions = new InstanceDecisions(settings);
    decisions.start();
    decisions.connect(looks);
    return decisions;
  }

  start(): void {
    this.take({ kind: "started", at: this.#at(), bootId: this.bootId, settings: this.settings });
  }

  /** The program ends and begins again with what it kept. */
  restart(): void {
    const restored = restoreState(savedOf(kept, this.state));
    if (restored === undefined) throw new Error("what was kept cannot be used");
    this.state = restored;
    this.eventCount = 0;
    this.start();
  }

  /** A new connection, whose looks find this. */
  connect(looks: readonly Partial<Look>[]): void {
    this.connected();
    this.snapshot(looks);
  }

  connected(): void {
    this.take({ kind: "connected", at: this.#at() });
    this.look();
  }

  /** The domains are about to be looked at, perhaps again. */
  look(): void {
    this.take({ kind: "looking", at: this.#at() });
  }

  lose(): void {
    this.take({ kind: "lost", at: this.#at(), reason: "closed" });
  }

  snapshot(looks: readonly Partial<Look>[], after = this.eventCount, again = false): void {
    const complete = looks.map((look) => lookOf(look, after));
    this.take({ kind: "snapshot", at: this.#at(), again, after, looks: complete });
  }

  event(event: GuestEvent, uuid = GUEST, id = 1): void {
    this.take({
      kind: "event",
      at: this.#at(),
      number: ++this.eventCount,
      guest: { uuid, name: "instance-00000001", id },
      event,
    });
  }

  /** A lifecycle event in words: `STOPPED FAILED`. */
  lifecycle(words: string, uuid = GUEST, id = 1): void {
    const [event = "", detail = ""] = words.split(" ");
    this.event({ kind: "lifecycle", event, detail }, uuid, id);
  }

  onCrash(action: string, uuid = GUEST): void {
    this.take({ kind: "onCrash", at: this.#at(), uuid, action });
  }

  loggedEnd(reason: string, signal?: "before" | "after", uuid = GUEST): void {
    this.take({ kind: "loggedEnd", at: this.#at(), uuid, end: { kind: "ended", reason, signal } });
  }

  /** QEMU's log cannot be read, or has no reason. */
  noLoggedEnd(why: string, uuid = GUEST): void {
    this.take({ kind: "loggedEnd", at: this.#at(), uuid, end: { kind: "unknown", why } });
  }

  /** The guests whose logs have been asked for, in order. */
  get logsAsked(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === "readEnd" ? [effect.uuid] : []));
  }

  take(observation: InstanceObservation): void {
    const decision = decide(this.state, observation);
    this.state = decision.state;
    for (const effect of decision.effects) {
      this.effects.push(effect);
      if (effect.kind === "readEnd" && !this.readsLogs) this.noLoggedEnd("ENOENT", effect.uuid);
      if (effect.kind === "notify") {
        if (effect.subject !== `instance:${effect.notification.payload.instance_uuid}`) throw new Error(effect.subject);
        this.notified.push(effect.notification);
        this.pending.push(effect.notification);
      } else if (effect.kind === "supersede") {
        const { subject, which } = effect;
        this.pending = this.pending.filter(
          (one) => `instance:${one.payload.instance_uuid}` !== subject || !isAmong(one, which),
        );
      }
    }
  }

  get events(): string[] {
    return this.notified.map(vmEventIn);
  }

  get undelivered(): string[] {
    return this.pending.map(vmEventIn);
  }

  #at() {
    return { wall: Date.UTC(2026, 10, 22, 12) + this.mono, mono: this.mono };
  }
}

function lookOf(look: Partial<Look>, after: number): Look {
  const state = "state" in look ? look.state : "RUNNING";
  const off = state === "SHUTOFF";
  const usual = {
    uuid: GUEST,
    name: "instance-00000001",
    id: off ? -1 : 1,
    transient: false,
    reason: "UNKNOWN",
    after,
  };
  return { ...usual, ...look, state };
}
