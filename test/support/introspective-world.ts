import { decide } from "../../src/introspective/decide.ts";
import type { Guest } from "../../src/introspective/guest.ts";
import type {
  Findings,
  GuestChange,
  GuestSeen,
  IntrospectiveEffect,
  IntrospectiveObservation,
  IntrospectiveSettings,
  PingOutcome,
  SettingOutcome,
} from "../../src/introspective/observation.ts";
import { keptOf, restoreState } from "../../src/introspective/saved-state.ts";
import { type IntrospectiveState, initialState } from "../../src/introspective/state.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import type { Instant } from "../../src/system/clock.ts";

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

/** A guest as it really is. */
export interface RealGuest {
  readonly uuid: string;
  /** A new one with each start; -1 while it is off. */
  id: number;
  paused: boolean;
  /** No command is answered. */
  hung: boolean;
  /** Somebody holds the channel open in it. */
  open: boolean;
  /** There is such a channel. */
  channel: boolean;
  /** libvirt's name of another client's call that is with its agent. */
  occupiedBy: string | undefined;
  migrating: boolean;
  requests: number;
  /** libvirt trusts its agent: the last command succeeded, so there is no guest-sync before the next one. */
  inSync: boolean;
  /** Seconds that libvirt waits for its agent, if not its own time. Outlasts its end, and is read by a call alone. */
  responseTimeout: number | undefined;
  everHung: boolean;
  /** When it began or ceased to hang, mono. */
  changedAt: number;
}

/** What a ping comes to, and after how long. */
interface Fate {
  readonly ms: number;
  readonly outcome: PingOutcome;
  /** libvirt's words, where they matter. */
  readonly detail?: string;
}

interface Told {
  readonly at: number;
  readonly uuid: string;
  readonly generatedTime: string;
}

/** libvirt's own guest-sync before a command, if the last one failed. */
const SYNC_MS = 5000;
/** How long libvirt has a command wait for another one to the same agent. */
const JOB_WAIT_MS = 30_000;
const ANSWER_MS = 2;

/**
 * Guests, a libvirtd with its manners towards agent commands, and the loop around `decide`, under a virtual clock. What
 * happens while the monitor is not connected is told by nobody.
 */
export class IntrospectiveWorld {
  state: IntrospectiveState = initialState;
  settings: IntrospectiveSettings;
  /** ms since boot. */
  mono = 1000;
  readonly wallOffset = Date.UTC(2026, 0, 1);
  bootId = "boot-1";
  readonly guests = new Map<string, RealGuest>();
  readonly log: string[] = [];
  readonly told: Told[] = [];
  readonly superseded: Told[] = [];
  /** Subjects whose last word in the outbox is a notification. */
  readonly standing = new Map<string, Told>();
  /** Every ping: when it began, and how long after it was due. */
  readonly pings: { readonly at: number; readonly uuid: string; readonly late: number }[] = [];
  readonly examinations: string[] = [];
  looks = 0;
  /** When the monitor last said that what earlier runs left may be sent, mono; undefined since its start. */
  caughtUpAt: number | undefined;
  /** How often libvirt has shortened a response time-out. */
  shortened = 0;
  /** What an examination takes. */
  examineMs = 3;
  inFlight = 0;
  mostInFlight = 0;
  onDecision: (
    before: IntrospectiveState,
    observation: IntrospectiveObservation,
    effects: readonly (CommonEffect | IntrospectiveEffect)[],
  ) => void = () => undefined;
  /** What a ping comes to, in place of the guest's own state: libvirt's troubles. */
  fate: (uuid: string) => Fate | undefined = () => undefined;
  /** What setting a response time-out takes. */
  settingMs = 2;
  /** What setting a response time-out comes to: whether libvirt has done it, and whether it says so. */
  settingFate: (uuid: string) => { readonly done: boolean; readonly outcome: SettingOutcome } | undefined = () =>
    undefined;
  /** Conditions that are not well. */
  readonly conditions = new Map<string, string>();
  /** What ends the ping that a hung guest has not answered, or that waits for an agent, by the guest's UUID. */
  readonly #answer = new Map<string, () => void>();
  #nextId = 1;
  #connection = 0;
  #connected = false;
  #running = false;
  #incarnation = 0;
  #wakes = new Map<string, object>();
  #queue: { at: number; order: number; job: () => void }[] = [];
  #order = 0;
  #observations: IntrospectiveObservation[] = [];
  #deciding = false;

  constructor(settings: Partial<IntrospectiveSettings> = {}) {
    this.settings = { ...plainSettings, ...settings };
  }

  now(): Instant {
    return { mono: this.mono, wall: this.mono + this.wallOffset };
  }

  after(ms: number, job: () => void): void {
    const at = this.mono + ms;
    const order = this.#order++;
    let index = this.#queue.length;
    while (index > 0 && (this.#queue[index - 1]?.at ?? 0) > at) index--;
    this.#queue.splice(index, 0, { at, order, job });
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.mono + ms;
    for (let [next] = this.#queue; next && next.at <= end; [next] = this.#queue) {
      this.#queue.shift();
      this.mono = next.at;
      next.job();
    }
    this.mono = end;
  }

  /** A guest that runs, with an agent that answers. */
  guest(name: string, over: Partial<RealGuest> = {}): RealGuest {
    const real: RealGuest = {
      uuid: name,
      id: this.#nextId++,
      paused: false,
      hung: false,
      open: true,
      channel: true,
      occupiedBy: undefined,
      migrating: false,
      requests: 0,
      inSync: false,
      responseTimeout: undefined,
      everHung: false,
      changedAt: 0,
      ...over,
    };
    this.guests.set(real.uuid, real);
    return real;
  }

  stateOf(real: RealGuest): Guest | undefined {
    return this.state.guests.get(real.uuid);
  }

  /** The program starts, and is connected at once unless told otherwise. */
  startMonitor(connect = true): void {
    this.caughtUpAt = undefined;
    this.#note("monitor starts");
    this.#dropConnection();
    this.#running = true;
    this.observe({ kind: "started", at: this.now(), bootId: this.bootId, settings: this.settings });
    if (connect) this.connect();
  }

  /** As by kill -9: only what was saved is left. */
  stopMonitor(): void {
    this.#note("monitor is killed");
    this.#running = false;
    this.#incarnation++;
    this.#dropConnection();
    this.#wakes = new Map();
    this.state = restoreState(JSON.parse(JSON.stringify(keptOf(this.state)))) ?? initialState;
  }

  reload(settings: Partial<IntrospectiveSettings>): void {
    this.settings = { ...this.settings, ...settings };
    this.observe({ kind: "settingsChanged", at: this.now(), settings: this.settings });
  }

  connect(): void {
    if (!this.#running) return;
    this.#dropConnection();
    this.#connected = true;
    const guests = [...this.guests.values()].filter(({ id }) => id !== -1).map((real) => this.#seen(real));
    this.observe({ kind: "surveyed", at: this.now(), guests });
  }

  disconnect(): void {
    if (!this.#connected) return;
    this.#dropConnection();
    this.observe({ kind: "lost", at: this.now() });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The monitor's program. */
  get running(): boolean {
    return this.#running;
  }

  /** It does not answer any more, or does again. */
  hang(real: RealGuest, hung = true): void {
    if (real.hung === hung) return;
    real.hung = hung;
    real.everHung ||= hung;
    real.changedAt = this.mono;
    this.#note(`${real.uuid} ${hung ? "hangs" : "is well again"}`);
    // The command has been waiting for it.
    if (!hung) this.#answer.get(real.uuid)?.();
  }

  /** Another client's command is with its agent, as libvirt names it, or has ended. */
  occupy(real: RealGuest, by: string | undefined): void {
    real.occupiedBy = by;
    this.#note(`${real.uuid} is occupied by ${by ?? "nobody"}`);
    if (by === undefined && !real.hung) this.#answer.get(real.uuid)?.();
  }

  channelChanges(real: RealGuest, open: boolean): void {
    if (real.open === open || real.id === -1) return;
    real.open = open;
    real.inSync = false;
    this.#note(`${real.uuid} ${open ? "opens" : "closes"} its channel`);
    this.#tell(real, { kind: "agentChanged", at: this.now(), uuid: real.uuid, name: real.uuid, connected: open });
  }

  start(real: RealGuest): void {
    if (real.id !== -1) return;
    Object.assign(real, { id: this.#nextId++, paused: false, hung: false, open: false, inSync: false });
    Object.assign(real, { migrating: false, occupiedBy: undefined });
    this.#happens(real, "started");
    this.after(700, () => this.channelChanges(real, true));
  }

  stop(real: RealGuest): void {
    if (real.id === -1) return;
    Object.assign(real, { id: -1, open: false });
    this.#happens(real, "stopped");
  }

  pause(real: RealGuest, paused: boolean): void {
    if (real.id === -1 || real.paused === paused) return;
    real.paused = paused;
    this.#happens(real, paused ? "paused" : "resumed");
  }

  /** As the owner does it from inside: the agent ends, the kernel resets, the agent is back after `bootMs`. */
  reboot(real: RealGuest, bootMs: number): void {
    if (real.id === -1) return;
    const { id } = real;
    this.channelChanges(real, false);
    this.#happens(real, "rebooted");
    this.after(bootMs, () => {
      if (real.id === id) this.channelChanges(real, true);
    });
  }

  happens(real: RealGuest, what: GuestChange): void {
    this.#happens(real, what);
  }

  observe(observation: IntrospectiveObservation): void {
    this.#observations.push(observation);
    if (this.#deciding) return;
    this.#deciding = true;
    for (let next = this.#observations.shift(); next; next = this.#observations.shift()) this.#decide(next);
    this.#deciding = false;
  }

  #happens(real: RealGuest, what: GuestChange): void {
    this.#note(`${real.uuid}: ${what}`);
    this.#tell(real, { kind: "guestChanged", at: this.now(), uuid: real.uuid, name: real.uuid, what });
  }

  #tell(_: RealGuest, observation: IntrospectiveObservation): void {
    if (this.#connected) this.observe(observation);
  }

  #dropConnection(): void {
    this.#connection++;
    this.#connected = false;
    this.inFlight = 0;
    this.#answer.clear();
  }

  #note(text: string): void {
    this.log.push(`${(this.mono / 1000).toFixed(3)} ${text}`);
  }

  #seen({ uuid, id, paused, channel, open }: RealGuest): GuestSeen {
    const agent = channel ? (open ? "connected" : "disconnected") : "none";
    return { uuid, name: uuid, id, running: id !== -1 && !paused, agent };
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
      const told = { at: this.mono, uuid: String(payload.instance_uuid), generatedTime };
      this.told.push(told);
      this.standing.set(told.uuid, told);
      this.#note(`notify ${told.uuid}`);
    }
    if (effect.kind === "supersede") {
      const uuid = effect.subject.slice("guest:".length);
      const was = this.standing.get(uuid);
      if (was) this.superseded.push(was);
      this.standing.delete(uuid);
      this.#note(`supersede ${uuid}: ${effect.reason}`);
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
        this.#note(`${effect.level}: ${effect.text}`);
        return;
      case "wake":
        this.#wake(effect.key, effect.afterMs);
        return;
      case "cancelWake":
        this.#wakes.delete(effect.key);
        return;
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

  /** Does the job over this connection, if it lasts so long. */
  #over(ms: number, job: () => void): void {
    const connection = this.#connection;
    this.after(ms, () => {
      if (connection === this.#connection) job();
    });
  }

  #ping({ uuid, run, timeout }: Extract<IntrospectiveEffect, { kind: "ping" }>): void {
    const real = this.guests.get(uuid);
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.pings.push({ at: this.mono, uuid, late: this.mono - (this.state.guests.get(uuid)?.due ?? this.mono) });
    const { ms, outcome, detail: said } = this.fate(uuid) ?? this.#costOf(real, timeout);
    const began = real?.id;
    let ended = false;
    const end = (outcome: PingOutcome): void => {
      if (ended) return;
      ended = true;
      this.#answer.delete(uuid);
      this.inFlight--;
      const really: PingOutcome = real?.id === began ? outcome : "gone";
      if (real) real.inSync = really === "answered";
      const words = { answered: "", occupied: `held by agent=${real?.occupiedBy}` };
      const word = really === "answered" || really === "occupied" ? words[really] : really;
      const detail = (really === outcome ? said : undefined) ?? word;
      this.observe({ kind: "pinged", at: this.now(), uuid, run, outcome: really, detail });
    };
    if (outcome === "unresponsive" || outcome === "occupied")
      this.#answer.set(uuid, () => this.#over(ANSWER_MS, () => end("answered")));
    this.#over(ms, () => end(outcome));
  }

  #costOf(real: RealGuest | undefined, timeout: number): Fate {
    if (!real || real.id === -1 || real.paused) return { ms: 1, outcome: "gone" };
    if (!real.channel) return { ms: 1, outcome: "noChannel" };
    // libvirt waits for the one before it first, whatever becomes of the channel meanwhile.
    if (real.occupiedBy !== undefined) return { ms: JOB_WAIT_MS, outcome: "occupied" };
    if (!real.open) return { ms: 1, outcome: "disconnected" };
    if (!real.hung) return { ms: ANSWER_MS, outcome: "answered" };
    const syncMs = real.responseTimeout === undefined ? SYNC_MS : real.responseTimeout * 1000;
    return { ms: real.inSync ? timeout * 1000 : syncMs, outcome: "unresponsive" };
  }

  /** libvirt carries it out although the connection ends meanwhile; who has asked never hears of it then. */
  #setResponseTimeout({ uuid, run, seconds }: Extract<IntrospectiveEffect, { kind: "setResponseTimeout" }>): void {
    const real = this.guests.get(uuid);
    const { done, outcome } = this.settingFate(uuid) ?? { done: true, outcome: "done" };
    this.after(this.settingMs / 2, () => {
      if (!real || !done) return;
      real.responseTimeout = seconds;
      if (seconds !== undefined) this.shortened++;
    });
    const heard = real ? outcome : "gone";
    this.#over(this.settingMs, () =>
      this.observe({ kind: "responseTimeoutSet", at: this.now(), uuid, run, outcome: heard, detail: heard }),
    );
  }

  #examine({ uuid, run, job, activity }: Extract<IntrospectiveEffect, { kind: "examine" }>): void {
    this.examinations.push(uuid);
    this.#over(this.examineMs, () => {
      const real = this.guests.get(uuid);
      const findings: Findings = {
        running: real !== undefined && real.id !== -1 && !real.paused,
        job: job ? (real?.migrating ?? false) : undefined,
        activity: activity ? { "block.0.rd.reqs": String(real?.requests ?? 0) } : undefined,
      };
      this.observe({ kind: "examined", at: this.now(), uuid, run, findings });
    });
  }

  /** As the real one: what is seen is not older than what has been told. */
  #look(uuid: string): void {
    this.looks++;
    this.#over(4, () => {
      const real = this.guests.get(uuid);
      const none: GuestSeen = { uuid, name: uuid, id: -1, running: false, agent: "none" };
      this.observe({ kind: "looked", at: this.now(), guest: real ? this.#seen(real) : none });
    });
  }
}
