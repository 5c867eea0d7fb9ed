import { decide } from "../../src/instance/decide.ts";
import type { InstanceEffect, InstanceObservation, LoggedEnd, Look } from "../../src/instance/observation.ts";
import { kept, restoreState } from "../../src/instance/saved-state.ts";
import { type InstanceState, initialState } from "../../src/instance/state.ts";
import { subjectOf } from "../../src/instance/subjects.ts";
import type { CommonEffect, Monitor, Observe } from "../../src/monitor/contract.ts";
import { ofEach } from "../../src/monitor/kept.ts";
import { isAmong, type Notification } from "../../src/notify/notification.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import type { Clock } from "../../src/system/clock.ts";
import { MODES } from "../support/harness/api-model.ts";
import type { Line } from "../support/harness/ledger.ts";
import { instanceSettings, vmEventIn } from "../support/instance-decisions.ts";
import type { Seeded } from "../support/seeded.ts";
import { type Domain, InstanceHost, type Question } from "./instance-host.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";
/** The API's retries, after it has recovered. */
const DELIVERY_MS = 900_000;

/** A log of QEMU's that the monitor is reading. */
interface Reading {
  readonly uuid: string;
  readonly end: (end: LoggedEnd) => void;
}

/**
 * A host with libvirtd and guests, and the instance monitor's program. Events are under way for a while; looks are read at one time
 * and their results arrive at another; connections, libvirtd and the monitor come and go.
 */
export class InstanceWorld extends InstanceHost {
  override readonly catchUpWithinMs = 600_000;
  /** What was notified and not superseded, delivered or not. */
  #standing: { readonly subject: string; readonly notification: Notification }[] = [];
  #eventCount = 0;
  #checkedSoFar = 0;
  #readings: Reading[] = [];

  /** @param openFile of a real disk */
  constructor(random: Seeded, openFile?: (path: string) => StateFile) {
    super(random, openFile);
    this.onDecision = (_before, _observation, effects) => this.#follow(effects);
    this.onAttempt = (line) => this.#checkAttempt(line);
  }

  /** How many failures Masakari was notified of. */
  get failuresNotified(): number {
    return this.notified.filter(({ notification }) => vmEventIn(notification) === FAILED).length;
  }

  protected override monitor(clock: Clock): Monitor<InstanceState, InstanceObservation, InstanceEffect> {
    return {
      name: "instancemonitor",
      initial: initialState,
      catchUpWithinMs: this.catchUpWithinMs,
      kept,
      restore: restoreState,
      subjects: ofEach((state) => state.guests, subjectOf),
      decide,
      sense: (observe, signal) => this.#sense(clock, observe, signal),
      act: (effect, observe, signal) => Promise.resolve(this.#act(clock, effect, observe, signal)),
    };
  }

  async #sense(clock: Clock, observe: Observe<InstanceObservation>, signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#eventCount = 0;
    observe({ kind: "started", at: clock.now(), bootId: this.bootId, settings: instanceSettings });
    await ended;
  }

  /** No panic is asked about: what libvirt makes of one is in its next event. */
  #act(clock: Clock, effect: InstanceEffect, observe: Observe<InstanceObservation>, signal: AbortSignal): void {
    if (effect.kind !== "readEnd") return;
    const { uuid } = effect;
    const end = (read: LoggedEnd): void => {
      if (!signal.aborted) observe({ kind: "loggedEnd", at: clock.now(), uuid, end: read });
    };
    this.#readings.push({ uuid, end });
  }

  #follow(effects: readonly (CommonEffect | InstanceEffect)[]): void {
    for (const effect of effects) {
      if (effect.kind === "notify") this.#standing.push(effect);
      if (effect.kind === "supersede")
        this.#standing = this.#standing.filter(
          ({ subject, notification }) => subject !== effect.subject || !isAmong(notification, effect.which),
        );
    }
  }

  /** One thing happens. */
  async step(): Promise<void> {
    await this.run(this.random.between(1, 400));
    if (this.random.chance(0.02)) this.api.mode = this.random.pick(MODES);
    const { uuid } =
      this.random.chance(0.08) || this.domains.size === 0
        ? this.define()
        : this.random.pick([...this.domains.values()]);
    const domain = this.domains.get(uuid);
    const roll = this.random.next();
    if (roll < 0.3) this.#deliver();
    else if (roll < 0.35) this.#readLog();
    else if (roll < 0.6) this.#look();
    else if (roll < 0.615) this.#loseConnection();
    else if (roll < (this.running ? 0.62 : 0.7)) await this.#toggleMonitor();
    else if (roll < (this.libvirtdRuns ? 0.625 : 0.8)) this.#toggleLibvirtd();
    else if (domain !== undefined && !this.#underWay(domain)) this.act(domain);
    this.#checkNotified();
  }

  /** Everything that is under way arrives, and the monitor looks at last. */
  async peace(): Promise<void> {
    this.api.mode = "up";
    if (!this.libvirtdRuns) this.#toggleLibvirtd();
    if (!this.running) await this.#toggleMonitor();
    for (let step = 0; step < 2000 && (this.events.length > 0 || !this.connected || this.looking); step++) {
      this.#deliver();
      this.#look();
      this.#readLog();
      this.#checkNotified();
    }
    // Once more, from the beginning to the end.
    while (this.looking === undefined) this.#look();
    while (this.looking !== undefined) this.#look();
    while (this.#readings.length > 0) this.#readLog();
    await this.run(DELIVERY_MS);
    this.#checkNotified();
    this.checkDelivered();
    for (const { uuid, state, failures } of this.all) {
      for (const { eventArrived, notified: times, hidden } of failures) {
        if (times > 1) throw new Error(`a failure of ${uuid} was notified ${times} times`);
        if (times === 0 && (eventArrived || hidden === undefined))
          throw new Error(`a failure of ${uuid} was not notified`);
      }
      const standing = this.#standing.filter(
        ({ notification }) => notification.payload.instance_uuid === uuid && vmEventIn(notification) === FAILED,
      );
      const gone = !this.domains.has(uuid);
      if (!gone && !["SHUTOFF", "CRASHED"].includes(state) && standing.length > 0)
        throw new Error(`${uuid} runs, and its failure was not superseded`);
      if (standing.length > 1) throw new Error(`two failures of ${uuid} stand`);
      const last = failures.at(-1);
      if (!gone && state === "SHUTOFF" && last?.notified === 1 && last.hidden === undefined && standing.length !== 1) {
        throw new Error(`the last failure of ${uuid} was superseded`);
      }
    }
  }

  /** A failure is notified only if there is one that was not. */
  #checkNotified(): void {
    for (const { notification } of this.notified.slice(this.#checkedSoFar)) {
      if (vmEventIn(notification) !== FAILED) continue;
      const uuid = notification.payload.instance_uuid;
      const failures = this.all.find((domain) => domain.uuid === uuid)?.failures ?? [];
      const failure =
        failures.find((candidate) => candidate.notified === 0 && candidate.eventArrived) ?? failures.at(-1);
      if (failure === undefined) throw new Error(`${uuid} has never failed`);
      failure.notified += 1;
      if (failure.notified > 1) throw new Error(`the failure of ${uuid} is notified again`);
    }
    this.#checkedSoFar = this.notified.length;
  }

  /** What an earlier run left is sent only of guests that were not started again before this one looked. */
  #checkAttempt({ notification, leftover }: Line): void {
    if (!leftover || vmEventIn(notification) !== FAILED || this.mono - this.startedAt >= this.catchUpWithinMs) return;
    const domain = this.domains.get(notification.payload.instance_uuid ?? "");
    if (domain === undefined || domain.incoming || ["SHUTOFF", "CRASHED"].includes(domain.state)) return;
    if (domain.startedAt < this.startedAt) throw new Error(`${domain.uuid} runs, and its failure is sent`);
  }

  #deliver(): void {
    const event = this.events.shift();
    if (event === undefined) return;
    this.note(`event ${event.domain.uuid} ${event.words}`);
    if (event.failure) event.failure.eventArrived = true;
    const [lifecycle = "", detail = ""] = event.words.split(" ");
    this.observe({
      kind: "event",
      at: this.now(),
      number: ++this.#eventCount,
      guest: { uuid: event.domain.uuid, name: event.domain.uuid, id: event.id },
      event: { kind: "lifecycle", event: lifecycle, detail },
    });
  }

  /** The next step of connecting and looking. */
  #look(): void {
    if (!this.running || !this.libvirtdRuns) return;
    if (!this.connected) {
      this.connected = true;
      this.events = [];
      this.observe({ kind: "connected", at: this.now() });
      this.#begin("connected, listed", false);
      return;
    }
    if (this.looking === undefined) {
      // The next looks are a second apart, and no event is under way for so long.
      if (this.events.length > 0 || !this.random.chance(0.1)) return;
      this.#begin("listed again", true);
      return;
    }
    const { questions, listed, after, again } = this.looking;
    const unread = questions.filter(({ read }) => read === undefined);
    if (unread.length > 0) {
      for (const question of unread) if (this.random.chance(0.6)) question.read = this.#read(question.uuid);
      return;
    }
    if (this.random.chance(0.4)) return;
    this.note("looked");
    const looks = questions.flatMap(({ uuid, read }): Look[] => {
      if (read === undefined || read === "gone") return [];
      const transient = listed.find((one) => one.uuid === uuid)?.transient === true;
      return [{ uuid, name: uuid, transient, after, ...read }];
    });
    this.looking = undefined;
    this.completeOnce = true;
    this.observe({ kind: "snapshot", at: this.now(), again, after, looks });
  }

  #begin(how: string, again: boolean): void {
    const listed = [...this.domains.values()];
    const questions = listed.map(({ uuid }): Question => ({ uuid, read: undefined }));
    this.observe({ kind: "looking", at: this.now() });
    this.looking = { after: this.#eventCount, again, listed, questions };
    this.note(how);
  }

  #read(uuid: string): Question["read"] {
    const domain = this.domains.get(uuid);
    return domain === undefined ? "gone" : { state: domain.state, reason: domain.reason, id: domain.id };
  }

  /** The next log that was asked for is read; what was asked for when the monitor ended is lost. */
  #readLog(): void {
    const reading = this.#readings.shift();
    if (reading === undefined) return;
    const domain = this.all.find(({ uuid }) => uuid === reading.uuid);
    if (domain === undefined) return;
    const { reason, signal } = domain.loggedEnd;
    this.note(`log of ${domain.uuid} read: ${reason}`);
    reading.end(domain.state === "SHUTOFF" ? { kind: "ended", reason, signal } : { kind: "unknown", why: "it runs" });
  }

  #loseConnection(): void {
    if (!this.connected) return;
    this.note("connection lost");
    this.connected = false;
    this.events = [];
    this.looking = undefined;
    if (!this.running) return;
    this.observe({ kind: "lost", at: this.now(), reason: "closed" });
    // Long before a connection is made again.
    if (this.random.chance(0.9)) while (this.#readings.length > 0) this.#readLog();
    this.#readings = [];
  }

  async #toggleMonitor(): Promise<void> {
    if (this.running) {
      this.#loseConnection();
      this.#readings = [];
      this.stopMonitor();
    } else {
      this.startMonitor();
      await this.run(0);
    }
  }

  #toggleLibvirtd(): void {
    if (this.libvirtdRuns) {
      this.#loseConnection();
      this.note("libvirtd down");
      this.libvirtdRuns = false;
      for (const domain of this.domains.values()) {
        if (domain.state !== "SHUTOFF") continue;
        // What is off is read from its definition again, which does not have the reason.
        domain.reason = "UNKNOWN";
        const seen = this.state.guests.get(domain.uuid);
        const ran = seen !== undefined && ["RUNNING", "PAUSED"].includes(seen.state) && !seen.incoming;
        // QEMU's log still shows it of one that nobody has seen off.
        const shows =
          (ran || seen?.endUnknown) && domain.loggedEnd.reason === "crashed" && domain.loggedEnd.signal === undefined;
        if (!shows) this.hide(domain, "libvirtd was restarted");
      }
    } else {
      this.note("libvirtd up");
      this.libvirtdRuns = true;
    }
  }

  /** Something about it is still on its way: libvirt reports a change, and a log is read, long before a user makes the next. */
  #underWay(domain: Domain): boolean {
    const reading = this.#readings.some(({ uuid }) => uuid === domain.uuid);
    return reading || this.events.some((event) => event.domain === domain);
  }
}
