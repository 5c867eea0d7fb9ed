import type {
  Findings,
  GuestChange,
  GuestSeen,
  IntrospectiveEffect,
  IntrospectiveObservation,
  PingOutcome,
  SettingOutcome,
} from "../../src/introspective/observation.ts";
import type { IntrospectiveState } from "../../src/introspective/state.ts";
import { HostWithMonitor } from "./harness/host-with-monitor.ts";
import { costOf, type Fate, newRealGuest, RESPONSE_MS, type RealGuest } from "./introspective-guest.ts";

/** Guests, and a libvirtd that carries out agent commands as the real one does. Without a connection it sends no events. */
export abstract class IntrospectiveHost extends HostWithMonitor<
  IntrospectiveState,
  IntrospectiveObservation,
  IntrospectiveEffect
> {
  readonly guests = new Map<string, RealGuest>();
  /** Every ping: when it began, and how long after it was due. */
  readonly pings: { readonly at: number; readonly uuid: string; readonly late: number }[] = [];
  readonly examinations: string[] = [];
  looks = 0;
  /** How often libvirt has shortened a response time-out. */
  shortened = 0;
  /** What an examination takes. */
  examineMs = 3;
  inFlight = 0;
  mostInFlight = 0;
  /** What a ping comes to, in place of the guest's own state: libvirt's troubles. */
  fate: (uuid: string) => Fate | undefined = () => undefined;
  /** What setting a response time-out takes. */
  settingMs = 2;
  /** What setting a response time-out comes to: whether libvirt has done it, and whether it replies that it has. */
  settingFate: (uuid: string) => { readonly done: boolean; readonly outcome: SettingOutcome } | undefined = () =>
    undefined;
  #connected = false;
  /** What ends the ping to which a hung guest has not responded, or that waits for an agent, by the guest's UUID. */
  readonly #response = new Map<string, () => void>();
  #nextId = 1;
  #connection = 0;

  /** When the monitor is to ping a guest next, mono; undefined if it does not know the guest. */
  protected abstract dueOf(uuid: string): number | undefined;

  /** A guest that runs, with an agent that answers. */
  guest(name: string, over: Partial<RealGuest> = {}): RealGuest {
    const real: RealGuest = { ...newRealGuest(name, this.#nextId++), ...over };
    this.guests.set(real.uuid, real);
    return real;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Its agent no longer answers, or does again. */
  hang(real: RealGuest, hung = true): void {
    if (real.hung === hung) return;
    real.hung = hung;
    real.everHung ||= hung;
    real.changedAt = real.touchedAt = this.mono;
    this.note(`${real.uuid} ${hung ? "hangs" : "is well again"}`);
    // The command has been waiting for it.
    if (!hung) this.#response.get(real.uuid)?.();
  }

  /** Another client's command is with its agent, as libvirt names it, or has ended. */
  occupy(real: RealGuest, by: string | undefined): void {
    real.occupiedBy = by;
    real.touchedAt = this.mono;
    this.note(`${real.uuid} is occupied by ${by ?? "nobody"}`);
    if (by === undefined && !real.hung) this.#response.get(real.uuid)?.();
  }

  channelChanges(real: RealGuest, open: boolean): void {
    if (real.open === open || real.id === -1) return;
    real.open = open;
    real.inSync = false;
    real.touchedAt = this.mono;
    this.note(`${real.uuid} ${open ? "opens" : "closes"} its channel`);
    this.#sendEvent({ kind: "agentChanged", at: this.now(), uuid: real.uuid, name: real.uuid, connected: open });
  }

  start(real: RealGuest): void {
    if (real.id !== -1) return;
    Object.assign(real, { id: this.#nextId++, paused: false, hung: false, open: false, inSync: false });
    Object.assign(real, { migrating: false, occupiedBy: undefined });
    this.happens(real, "started");
    this.after(700, () => this.channelChanges(real, true));
  }

  stop(real: RealGuest): void {
    if (real.id === -1) return;
    Object.assign(real, { id: -1, open: false });
    this.happens(real, "stopped");
  }

  pause(real: RealGuest, paused: boolean): void {
    if (real.id === -1 || real.paused === paused) return;
    real.paused = paused;
    this.happens(real, paused ? "paused" : "resumed");
  }

  /** As the owner does it from inside: the agent ends, the kernel resets, the agent is back after `bootMs`. */
  reboot(real: RealGuest, bootMs: number): void {
    if (real.id === -1) return;
    const { id } = real;
    this.channelChanges(real, false);
    this.happens(real, "rebooted");
    this.after(bootMs, () => {
      if (real.id === id) this.channelChanges(real, true);
    });
  }

  /** Its state changes, as a lifecycle event shows. */
  happens(real: RealGuest, what: GuestChange): void {
    real.touchedAt = this.mono;
    this.note(`${real.uuid}: ${what}`);
    this.#sendEvent({ kind: "guestChanged", at: this.now(), uuid: real.uuid, name: real.uuid, what });
  }

  #sendEvent(observation: IntrospectiveObservation): void {
    if (this.#connected) this.observe(observation);
  }

  protected dropConnection(): void {
    this.#connection++;
    this.#connected = false;
    this.inFlight = 0;
    this.#response.clear();
  }

  /** Connects the monitor. @returns the guests that run */
  protected openConnection(): readonly GuestSeen[] {
    this.dropConnection();
    this.#connected = true;
    return [...this.guests.values()].filter(({ id }) => id !== -1).map((real) => this.#seen(real));
  }

  protected carryOut(effect: IntrospectiveEffect): void {
    switch (effect.kind) {
      case "ping":
        this.#ping(effect);
        return;
      case "examine":
        this.#examine(effect);
        return;
      case "setResponseTimeout":
        this.#setResponseTimeout(effect);
        return;
      case "look":
        this.#look(effect.uuid);
    }
  }

  #seen({ uuid, id, paused, channel, open }: RealGuest): GuestSeen {
    const agent = channel ? (open ? "connected" : "disconnected") : "none";
    return { uuid, name: uuid, id, running: id !== -1 && !paused, agent };
  }

  /** Does the job over this connection, if it lasts so long. */
  #over(ms: number, job: () => void): void {
    const connection = this.#connection;
    this.after(ms, () => {
      if (connection === this.#connection) job();
    });
  }

  #ping({ uuid, timeout }: Extract<IntrospectiveEffect, { kind: "ping" }>): void {
    const real = this.guests.get(uuid);
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.pings.push({ at: this.mono, uuid, late: this.mono - (this.dueOf(uuid) ?? this.mono) });
    const { ms, outcome, detail: given } = this.fate(uuid) ?? costOf(real, timeout);
    const began = real?.id;
    let ended = false;
    const end = (outcome: PingOutcome): void => {
      if (ended) return;
      ended = true;
      this.#response.delete(uuid);
      this.inFlight--;
      const really: PingOutcome = real?.id === began ? outcome : "gone";
      if (real) real.inSync = really === "responded";
      const words = { responded: "", occupied: `held by agent=${real?.occupiedBy}` };
      const word = really === "responded" || really === "occupied" ? words[really] : really;
      const detail = (really === outcome ? given : undefined) ?? word;
      this.observe({ kind: "pinged", at: this.now(), uuid, outcome: really, detail });
    };
    if (outcome === "unresponsive" || outcome === "occupied")
      this.#response.set(uuid, () => this.#over(RESPONSE_MS, () => end("responded")));
    this.#over(ms, () => end(outcome));
  }

  /** libvirt carries it out although the connection ends meanwhile; the monitor gets no result then. */
  #setResponseTimeout({ uuid, seconds }: Extract<IntrospectiveEffect, { kind: "setResponseTimeout" }>): void {
    const real = this.guests.get(uuid);
    const { done, outcome } = this.settingFate(uuid) ?? { done: true, outcome: "done" };
    this.after(this.settingMs / 2, () => {
      if (!real || !done) return;
      real.responseTimeout = seconds;
      if (seconds !== undefined) this.shortened++;
    });
    const result = real ? outcome : "gone";
    this.#over(this.settingMs, () =>
      this.observe({ kind: "responseTimeoutSet", at: this.now(), uuid, outcome: result, detail: result }),
    );
  }

  #examine({ uuid, job, activity }: Extract<IntrospectiveEffect, { kind: "examine" }>): void {
    this.examinations.push(uuid);
    this.#over(this.examineMs, () => {
      const real = this.guests.get(uuid);
      const findings: Findings = {
        running: real !== undefined && real.id !== -1 && !real.paused,
        job: job ? (real?.migrating ?? false) : undefined,
        activity: activity ? { "block.0.rd.reqs": String(real?.requests ?? 0) } : undefined,
      };
      this.observe({ kind: "examined", at: this.now(), uuid, findings });
    });
  }

  /** As the real one: what is read is not older than the events. */
  #look(uuid: string): void {
    this.looks++;
    this.#over(4, () => {
      const real = this.guests.get(uuid);
      const none: GuestSeen = { uuid, name: uuid, id: -1, running: false, agent: "none" };
      this.observe({ kind: "looked", at: this.now(), guest: real ? this.#seen(real) : none });
    });
  }
}
