import type { InstanceEffect, InstanceObservation, Look } from "../../src/instance/observation.ts";
import { type InstanceState, initialState } from "../../src/instance/state.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import { HostWithMonitor } from "../support/harness/host-with-monitor.ts";
import type { Seeded } from "../support/seeded.ts";

/** That QEMU stops the guest, libvirtd may report before, after or not at all. */
const PANICS = [
  ["CRASHED PANICKED"],
  ["SUSPENDED PAUSED", "CRASHED PANICKED"],
  ["CRASHED PANICKED", "SUSPENDED PAUSED"],
];

/** A guest that died against its user's will. */
export interface Failure {
  /** Its event reached the monitor. */
  eventArrived: boolean;
  /** How often Masakari was notified of it. */
  notified: number;
  /** Why nobody can know of it without its event; undefined while a look would show it. */
  hidden: string | undefined;
}

/** A domain as libvirt has it; `state` and `reason` in its words. */
export interface Domain {
  readonly uuid: string;
  readonly transient: boolean;
  id: number;
  state: string;
  reason: string;
  incoming: boolean;
  /** When its last run began, mono. */
  startedAt: number;
  /** What libvirtd has written into its QEMU's log of the end of its last run. */
  loggedEnd: { readonly reason: string; readonly signal: "after" | undefined };
  failures: Failure[];
}

export interface Question {
  readonly uuid: string;
  read: Pick<Look, "state" | "reason" | "id"> | "gone" | undefined;
}

export interface Looking {
  readonly again: boolean;
  readonly after: number;
  readonly listed: readonly Domain[];
  readonly questions: readonly Question[];
}

/** A host with libvirtd and guests that start, stop, fail, migrate and panic, as libvirtd shows it. */
export abstract class InstanceHost extends HostWithMonitor<InstanceState, InstanceObservation, InstanceEffect> {
  failures = 0;
  protected readonly random: Seeded;
  protected readonly domains = new Map<string, Domain>();
  /** Every domain there ever was. */
  protected readonly all: Domain[] = [];
  protected events: {
    readonly domain: Domain;
    readonly id: number;
    readonly words: string;
    readonly failure?: Failure;
  }[] = [];
  protected connected = false;
  protected libvirtdRuns = true;
  protected looking: Looking | undefined;
  protected completeOnce = false;
  #ids = 0;

  /** @param openFile of a real disk */
  constructor(random: Seeded, openFile?: (path: string) => StateFile) {
    super(initialState, openFile);
    this.random = random;
  }

  protected define(): Domain {
    const transient = this.random.chance(0.2);
    const domain: Domain = {
      uuid: `00000000-0000-4000-8000-${String(this.all.length).padStart(12, "0")}`,
      transient,
      id: -1,
      state: "SHUTOFF",
      reason: "UNKNOWN",
      incoming: false,
      startedAt: 0,
      loggedEnd: { reason: "shutdown", signal: undefined },
      failures: [],
    };
    if (!this.libvirtdRuns) return domain;
    this.domains.set(domain.uuid, domain);
    this.all.push(domain);
    if (transient) this.#start(domain);
    else this.#emit(domain, "DEFINED ADDED");
    return domain;
  }

  protected act(domain: Domain): void {
    const random = this.random;
    // Whether a guest is still arriving is known by its events or by a look: its end within those milliseconds is not played.
    const arriving = domain.incoming || this.state.guests.get(domain.uuid)?.incoming === true;
    if (this.looking !== undefined && arriving) return;
    if (!this.libvirtdRuns) {
      if (["SHUTOFF", "CRASHED"].includes(domain.state) || random.chance(0.5)) return;
      if (domain.incoming || random.chance(0.7)) this.#dieUnwatched(domain);
      else this.#panicUnwatched(domain);
      return;
    }
    if (domain.state === "CRASHED") {
      if (random.chance(0.8)) return;
      this.hide(domain, "destroyed by its user");
      this.#end(domain, "DESTROYED", "STOPPED DESTROYED");
      return;
    }
    if (domain.state === "SHUTOFF") {
      if (random.chance(0.2)) this.#undefine(domain);
      else this.#start(domain);
      return;
    }
    const what = random.next();
    if (domain.incoming) {
      if (what < 0.5 || this.seemsRunning(domain)) {
        domain.incoming = false;
        this.#to(domain, "RUNNING", "MIGRATED", "RESUMED MIGRATED");
      } else if (random.chance(0.5)) this.#end(domain, "FAILED", "STOPPED FAILED");
      // The libvirtd at its source has gone away.
      else this.#end(domain, "DESTROYED", "STOPPED DESTROYED");
    } else if (what < 0.05) this.#dieUnwatched(domain);
    else if (what < 0.3) this.#die(domain, ["STOPPED FAILED"]);
    else if (what < 0.4) this.#die(domain, [...random.pick(PANICS), "STOPPED CRASHED"]);
    else if (what < 0.5) this.#end(domain, "SHUTDOWN", "SHUTDOWN GUEST", "STOPPED SHUTDOWN");
    else if (what < 0.6) this.#end(domain, "DESTROYED", "STOPPED DESTROYED");
    else if (what < 0.65) this.#end(domain, "SAVED", "STOPPED SAVED");
    else if (what < 0.75) {
      this.#end(domain, "MIGRATED", "SUSPENDED MIGRATED", "STOPPED MIGRATED");
      if (random.chance(0.7) && this.domains.has(domain.uuid)) this.#undefine(domain);
    } else if (domain.state === "PAUSED") this.#to(domain, "RUNNING", "UNPAUSED", "RESUMED UNPAUSED");
    else this.#to(domain, "PAUSED", "IOERROR", "SUSPENDED IOERROR");
  }

  #start(domain: Domain): void {
    domain.id = ++this.#ids;
    domain.startedAt = this.mono;
    // What nobody knows of an earlier run, nobody will.
    this.hide(domain, "started again");
    if (this.random.chance(0.15)) {
      domain.incoming = true;
      this.#to(domain, "PAUSED", "MIGRATION", "STARTED MIGRATED");
    } else this.#to(domain, "RUNNING", "BOOTED", "RESUMED UNPAUSED", "STARTED BOOTED");
  }

  #die(domain: Domain, words: readonly string[]): void {
    const failure = this.#fail(domain);
    this.#end(domain, "CRASHED", ...words);
    const last = this.events.at(-1);
    if (last !== undefined && last.domain === domain) this.events[this.events.length - 1] = { ...last, failure };
  }

  /** While libvirtd is away or takes its guests over: it finds out, and has no event for it. */
  #dieUnwatched(domain: Domain): void {
    if (domain.incoming && this.seemsRunning(domain)) return;
    if (!domain.incoming) this.#fail(domain);
    domain.loggedEnd = { reason: domain.incoming ? "failed" : "crashed", signal: undefined };
    this.#to(domain, "SHUTOFF", domain.incoming ? "FAILED" : "CRASHED");
    this.#off(domain);
  }

  /** While libvirtd is away: the one that comes leaves it as it is. */
  #panicUnwatched(domain: Domain): void {
    this.#fail(domain);
    this.#to(domain, "CRASHED", "PANICKED");
  }

  #fail(domain: Domain): Failure {
    this.failures += 1;
    const before = this.state.guests.get(domain.uuid);
    const failure: Failure = { eventArrived: false, notified: 0, hidden: undefined };
    if (!this.completeOnce) failure.hidden = "nobody had looked yet";
    // To whoever has not seen it start, a second crash looks as the first.
    if (before?.state === "SHUTOFF" && ["CRASHED", "DAEMON"].includes(before.reason)) failure.hidden = "crashed before";
    // An incoming guest that is found dead may not have run here.
    if (before?.incoming) failure.hidden = "seen arriving only";
    // Its wished end was shown, but not that it was complete: only its start or its next event would show that it lived again.
    if (before?.state === "SHUTDOWN") failure.hidden = "ending when last seen";
    domain.failures.push(failure);
    return failure;
  }

  #end(domain: Domain, reason: string, ...words: readonly string[]): void {
    // One that has not died by itself, but panicked, is killed by libvirtd.
    domain.loggedEnd = {
      reason: reason.toLowerCase(),
      signal: words.includes("STOPPED CRASHED") ? "after" : undefined,
    };
    this.#to(domain, "SHUTOFF", reason, ...words);
    this.#off(domain);
  }

  #off(domain: Domain): void {
    domain.id = -1;
    domain.incoming = false;
    if (!domain.transient) return;
    this.hide(domain, "transient");
    this.domains.delete(domain.uuid);
  }

  #undefine(domain: Domain): void {
    this.hide(domain, "undefined");
    this.#emit(domain, "UNDEFINED REMOVED");
    this.domains.delete(domain.uuid);
  }

  protected hide(domain: Domain, why: string): void {
    for (const failure of domain.failures) failure.hidden ??= why;
  }

  #to(domain: Domain, state: string, reason: string, ...words: readonly string[]): void {
    domain.state = state;
    domain.reason = reason;
    this.note(`${domain.uuid} ${state} ${reason}`);
    for (const word of words) this.#emit(domain, word);
  }

  #emit(domain: Domain, words: string): void {
    if (this.connected) this.events.push({ domain, id: domain.id, words });
  }

  /** To one that ran when it was seen last, two migrations in one gap, of which the second fails, look as a failure. */
  protected seemsRunning({ uuid }: Domain): boolean {
    const guest = this.state.guests.get(uuid);
    return guest !== undefined && guest.state !== "SHUTOFF" && !guest.incoming;
  }
}
