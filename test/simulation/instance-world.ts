import type { Look } from "../../src/instance/observation.ts";
import { InstanceMind, told } from "../support/instance-mind.ts";
import type { Seeded } from "../support/seeded.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

/** That QEMU stops the guest, libvirtd may tell before, after or not at all. */
const PANICS = [
  ["CRASHED PANICKED"],
  ["SUSPENDED PAUSED", "CRASHED PANICKED"],
  ["CRASHED PANICKED", "SUSPENDED PAUSED"],
];

/** A guest that died although nobody wished it. */
interface Failure {
  /** Its event reached the monitor. */
  heard: boolean;
  told: number;
  /** Why nobody can know of it without its event; undefined while a look would show it. */
  hidden: string | undefined;
}

/** A domain as libvirt has it; `state` and `reason` in its words. */
interface Domain {
  readonly uuid: string;
  readonly transient: boolean;
  id: number;
  state: string;
  reason: string;
  incoming: boolean;
  /** What libvirtd has written into its QEMU's log of the end of its last run. */
  loggedEnd: { readonly reason: string; readonly signal: "after" | undefined };
  failures: Failure[];
}

interface Question {
  readonly uuid: string;
  read: Pick<Look, "state" | "reason" | "id"> | "gone" | undefined;
}

interface Looking {
  readonly again: boolean;
  readonly after: number;
  readonly listed: readonly Domain[];
  readonly questions: readonly Question[];
}

/**
 * A host with libvirtd, guests that live and die, and the monitor's decisions between them. Events are under way for a
 * while; looks are read at one time and answered at another; connections, libvirtd and the monitor come and go.
 */
export class InstanceWorld {
  readonly log: string[] = [];
  readonly mind = new InstanceMind();
  readonly #random: Seeded;
  readonly #domains = new Map<string, Domain>();
  /** Every domain there ever was. */
  readonly #all: Domain[] = [];
  #events: { readonly domain: Domain; readonly id: number; readonly words: string; readonly failure?: Failure }[] = [];
  #connected = false;
  #monitorRuns = true;
  #libvirtdRuns = true;
  #looking: Looking | undefined;
  #completeOnce = false;
  #ids = 0;
  #toldSoFar = 0;
  #logsRead = 0;
  failures = 0;

  constructor(random: Seeded) {
    this.#random = random;
    this.mind.logsAnswered = true;
    this.mind.start();
  }

  /** One thing happens. */
  step(): void {
    this.mind.mono += this.#random.between(1, 400);
    const { uuid } = this.#random.chance(0.08) || this.#domains.size === 0 ? this.#define() : this.#anyDomain();
    const domain = this.#domains.get(uuid);
    const roll = this.#random.next();
    if (roll < 0.3) this.#deliver();
    else if (roll < 0.35) this.#readLog();
    else if (roll < 0.6) this.#look();
    else if (roll < 0.615) this.#loseConnection();
    else if (roll < (this.#monitorRuns ? 0.62 : 0.7)) this.#toggleMonitor();
    else if (roll < (this.#libvirtdRuns ? 0.625 : 0.8)) this.#toggleLibvirtd();
    else if (domain !== undefined && !this.#underWay(domain)) this.#act(domain);
    this.#check();
  }

  /** Everything that is under way arrives, and the monitor looks at last. */
  peace(): void {
    if (!this.#libvirtdRuns) this.#toggleLibvirtd();
    if (!this.#monitorRuns) this.#toggleMonitor();
    for (let step = 0; step < 2000 && (this.#events.length > 0 || !this.#connected || this.#looking); step++) {
      this.#deliver();
      this.#look();
      this.#readLog();
      this.#check();
    }
    // Once more, from the beginning to the end.
    while (this.#looking === undefined) this.#look();
    while (this.#looking !== undefined) this.#look();
    while (this.#logsRead < this.mind.logsAsked.length) this.#readLog();
    this.#check();
    for (const { uuid, state, failures } of this.#all) {
      for (const { heard, told: times, hidden } of failures) {
        if (times > 1) throw new Error(`a failure of ${uuid} was told ${times} times`);
        if (times === 0 && (heard || hidden === undefined)) throw new Error(`a failure of ${uuid} was not told`);
      }
      const pending = this.mind.pending.filter((one) => one.payload.instance_uuid === uuid && told(one) === FAILED);
      const gone = !this.#domains.has(uuid);
      if (!gone && !["SHUTOFF", "CRASHED"].includes(state) && pending.length > 0)
        throw new Error(`${uuid} runs and is to be recovered`);
      if (pending.length > 1) throw new Error(`two failures of ${uuid} are to be sent`);
      const last = failures.at(-1);
      if (!gone && state === "SHUTOFF" && last?.told === 1 && last.hidden === undefined && pending.length !== 1) {
        throw new Error(`the failure of ${uuid} stands and is not to be sent`);
      }
    }
  }

  /** A failure is told only if there is one that was not. */
  #check(): void {
    for (const one of this.mind.notified.slice(this.#toldSoFar)) {
      if (told(one) !== FAILED) continue;
      const uuid = one.payload.instance_uuid;
      this.log.push(`told ${uuid} failed`);
      const failures = this.#all.find((domain) => domain.uuid === uuid)?.failures ?? [];
      const failure = failures.find((candidate) => candidate.told === 0 && candidate.heard) ?? failures.at(-1);
      if (failure === undefined) throw new Error(`${uuid} has never failed`);
      failure.told += 1;
      if (failure.told > 1) throw new Error(`the failure of ${uuid} is told again`);
    }
    this.#toldSoFar = this.mind.notified.length;
  }

  #define(): Domain {
    const transient = this.#random.chance(0.2);
    const domain: Domain = {
      uuid: `00000000-0000-4000-8000-${String(this.#all.length).padStart(12, "0")}`,
      transient,
      id: -1,
      state: "SHUTOFF",
      reason: "UNKNOWN",
      incoming: false,
      loggedEnd: { reason: "shutdown", signal: undefined },
      failures: [],
    };
    if (!this.#libvirtdRuns) return domain;
    this.#domains.set(domain.uuid, domain);
    this.#all.push(domain);
    if (transient) this.#start(domain);
    else this.#emit(domain, "DEFINED ADDED");
    return domain;
  }

  #act(domain: Domain): void {
    const random = this.#random;
    // Whether a guest is still arriving is known by its events or by a look: its end within those milliseconds is not played.
    const arriving = domain.incoming || this.mind.state.guests.get(domain.uuid)?.incoming === true;
    if (this.#looking !== undefined && arriving) return;
    if (!this.#libvirtdRuns) {
      if (["SHUTOFF", "CRASHED"].includes(domain.state) || random.chance(0.5)) return;
      if (domain.incoming || random.chance(0.7)) this.#dieUnwatched(domain);
      else this.#panicUnwatched(domain);
      return;
    }
    if (domain.state === "CRASHED") {
      if (random.chance(0.8)) return;
      this.#hide(domain, "destroyed by its owner");
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
      if (what < 0.5 || this.#seemsRunning(domain)) {
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
      if (random.chance(0.7) && this.#domains.has(domain.uuid)) this.#undefine(domain);
    } else if (domain.state === "PAUSED") this.#to(domain, "RUNNING", "UNPAUSED", "RESUMED UNPAUSED");
    else this.#to(domain, "PAUSED", "IOERROR", "SUSPENDED IOERROR");
  }

  #start(domain: Domain): void {
    domain.id = ++this.#ids;
    // What nobody has heard of an earlier run, nobody will.
    this.#hide(domain, "started again");
    if (this.#random.chance(0.15)) {
      domain.incoming = true;
      this.#to(domain, "PAUSED", "MIGRATION", "STARTED MIGRATED");
    } else this.#to(domain, "RUNNING", "BOOTED", "RESUMED UNPAUSED", "STARTED BOOTED");
  }

  #die(domain: Domain, words: readonly string[]): void {
    const failure = this.#fail(domain);
    this.#end(domain, "CRASHED", ...words);
    const last = this.#events.at(-1);
    if (last !== undefined && last.domain === domain) this.#events[this.#events.length - 1] = { ...last, failure };
  }

  /** While libvirtd is away or takes its guests over: it finds out, and has no event for it. */
  #dieUnwatched(domain: Domain): void {
    if (domain.incoming && this.#seemsRunning(domain)) return;
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
    const before = this.mind.state.guests.get(domain.uuid);
    const failure: Failure = { heard: false, told: 0, hidden: undefined };
    if (!this.#completeOnce) failure.hidden = "nobody had looked yet";
    // To whoever has not seen it start, a second crash looks as the first.
    if (before?.state === "SHUTOFF" && ["CRASHED", "DAEMON"].includes(before.reason)) failure.hidden = "crashed before";
    // An incoming guest that is found dead may not have run here.
    if (before?.incoming) failure.hidden = "seen arriving only";
    // Its wished end was told, but not that it was complete: only its start or its next event would say that it lived again.
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
    this.#hide(domain, "transient");
    this.#domains.delete(domain.uuid);
  }

  #undefine(domain: Domain): void {
    this.#hide(domain, "undefined");
    this.#emit(domain, "UNDEFINED REMOVED");
    this.#domains.delete(domain.uuid);
  }

  #hide(domain: Domain, why: string): void {
    for (const failure of domain.failures) failure.hidden ??= why;
  }

  #to(domain: Domain, state: string, reason: string, ...words: readonly string[]): void {
    domain.state = state;
    domain.reason = reason;
    this.log.push(`${domain.uuid} ${state} ${reason}`);
    for (const word of words) this.#emit(domain, word);
  }

  #emit(domain: Domain, words: string): void {
    if (this.#connected) this.#events.push({ domain, id: domain.id, words });
  }

  #deliver(): void {
    const event = this.#events.shift();
    if (event === undefined) return;
    this.log.push(`event ${event.domain.uuid} ${event.words}`);
    if (event.failure) event.failure.heard = true;
    this.mind.life(event.words, event.domain.uuid, event.id);
  }

  /** The next step of connecting and looking. */
  #look(): void {
    if (!this.#monitorRuns || !this.#libvirtdRuns) return;
    if (!this.#connected) {
      this.#connected = true;
      this.#events = [];
      this.mind.connected();
      this.#begin("connected, listed", false);
      return;
    }
    if (this.#looking === undefined) {
      // The next looks are a second apart, and no event is under way for so long.
      if (this.#events.length > 0 || !this.#random.chance(0.1)) return;
      this.mind.look();
      this.#begin("listed again", true);
      return;
    }
    const { questions, listed, after, again } = this.#looking;
    const unread = questions.filter(({ read }) => read === undefined);
    if (unread.length > 0) {
      for (const question of unread) if (this.#random.chance(0.6)) question.read = this.#read(question.uuid);
      return;
    }
    if (this.#random.chance(0.4)) return;
    this.log.push("looked");
    const looks = questions.flatMap(({ uuid, read }): Partial<Look>[] => {
      if (read === undefined || read === "gone") return [];
      return [{ uuid, transient: listed.find((one) => one.uuid === uuid)?.transient === true, ...read }];
    });
    this.#looking = undefined;
    this.#completeOnce = true;
    this.mind.snapshot(looks, after, again);
  }

  #begin(how: string, again: boolean): void {
    const listed = [...this.#domains.values()];
    const questions = listed.map(({ uuid }): Question => ({ uuid, read: undefined }));
    this.#looking = { after: this.mind.heard, again, listed, questions };
    this.log.push(how);
  }

  #read(uuid: string): Question["read"] {
    const domain = this.#domains.get(uuid);
    return domain === undefined ? "gone" : { state: domain.state, reason: domain.reason, id: domain.id };
  }

  /** The next log that was asked for is read; what was asked for when the monitor ended is lost. */
  #readLog(): void {
    const uuid = this.mind.logsAsked[this.#logsRead];
    if (uuid === undefined) return;
    this.#logsRead += 1;
    const domain = this.#all.find((one) => one.uuid === uuid);
    if (domain === undefined) return;
    this.log.push(`log of ${uuid} read: ${domain.loggedEnd.reason}`);
    if (domain.state === "SHUTOFF") this.mind.loggedEnd(domain.loggedEnd.reason, domain.loggedEnd.signal, uuid);
    else this.mind.noLoggedEnd("it runs", uuid);
  }

  #loseConnection(): void {
    if (!this.#connected) return;
    this.log.push("connection lost");
    this.#connected = false;
    this.#events = [];
    this.#looking = undefined;
    if (!this.#monitorRuns) return;
    this.mind.lose();
    // Long before a connection is made again.
    if (this.#random.chance(0.9)) while (this.#logsRead < this.mind.logsAsked.length) this.#readLog();
    else this.#logsRead = this.mind.logsAsked.length;
  }

  #toggleMonitor(): void {
    if (this.#monitorRuns) {
      this.#loseConnection();
      this.#monitorRuns = false;
      this.#logsRead = this.mind.logsAsked.length;
    } else {
      this.log.push("monitor restarted");
      this.#monitorRuns = true;
      this.mind.restart();
    }
  }

  #toggleLibvirtd(): void {
    if (this.#libvirtdRuns) {
      this.#loseConnection();
      this.log.push("libvirtd down");
      this.#libvirtdRuns = false;
      for (const domain of this.#domains.values()) {
        if (domain.state !== "SHUTOFF") continue;
        // What is off is read from its definition again, which does not say why.
        domain.reason = "UNKNOWN";
        const seen = this.mind.state.guests.get(domain.uuid);
        const ran = seen !== undefined && ["RUNNING", "PAUSED"].includes(seen.state) && !seen.incoming;
        // QEMU's log still says it of one that nobody has seen off.
        const shows =
          (ran || seen?.endUnknown) && domain.loggedEnd.reason === "crashed" && domain.loggedEnd.signal === undefined;
        if (!shows) this.#hide(domain, "libvirtd was restarted");
      }
    } else {
      this.log.push("libvirtd up");
      this.#libvirtdRuns = true;
    }
  }

  /** To one that ran when it was seen last, two migrations in one gap, of which the second fails, look as a failure. */
  #seemsRunning({ uuid }: Domain): boolean {
    const guest = this.mind.state.guests.get(uuid);
    return guest !== undefined && guest.state !== "SHUTOFF" && !guest.incoming;
  }

  /** Something about it is still on its way: libvirt tells of a change, and a log is read, long before an owner makes the next. */
  #underWay(domain: Domain): boolean {
    const reading = this.mind.logsAsked.slice(this.#logsRead).includes(domain.uuid);
    return reading || this.#events.some((event) => event.domain === domain);
  }

  #anyDomain(): Domain {
    return this.#random.pick([...this.#domains.values()]);
  }
}
