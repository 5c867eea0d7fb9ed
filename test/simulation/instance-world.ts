import type { Look } from "../../src/instance/observation.ts";
import { vmEventIn } from "../support/instance-decisions.ts";
import type { Seeded } from "../support/seeded.ts";
import { type Domain, InstanceHost, type Question } from "./instance-host.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

/**
 * A host with libvirtd and guests, and the monitor's decisions. Events are under way for a while; looks are read at one time
 * and their results arrive at another; connections, libvirtd and the monitor come and go.
 */
export class InstanceWorld extends InstanceHost {
  #monitorRuns = true;
  #toldSoFar = 0;
  #logsRead = 0;

  constructor(random: Seeded) {
    super(random);
    this.decisions.logsAnswered = true;
    this.decisions.start();
  }

  /** One thing happens. */
  step(): void {
    this.decisions.mono += this.random.between(1, 400);
    const { uuid } = this.random.chance(0.08) || this.domains.size === 0 ? this.define() : this.#anyDomain();
    const domain = this.domains.get(uuid);
    const roll = this.random.next();
    if (roll < 0.3) this.#deliver();
    else if (roll < 0.35) this.#readLog();
    else if (roll < 0.6) this.#look();
    else if (roll < 0.615) this.#loseConnection();
    else if (roll < (this.#monitorRuns ? 0.62 : 0.7)) this.#toggleMonitor();
    else if (roll < (this.libvirtdRuns ? 0.625 : 0.8)) this.#toggleLibvirtd();
    else if (domain !== undefined && !this.#underWay(domain)) this.act(domain);
    this.#check();
  }

  /** Everything that is under way arrives, and the monitor looks at last. */
  peace(): void {
    if (!this.libvirtdRuns) this.#toggleLibvirtd();
    if (!this.#monitorRuns) this.#toggleMonitor();
    for (let step = 0; step < 2000 && (this.events.length > 0 || !this.connected || this.looking); step++) {
      this.#deliver();
      this.#look();
      this.#readLog();
      this.#check();
    }
    // Once more, from the beginning to the end.
    while (this.looking === undefined) this.#look();
    while (this.looking !== undefined) this.#look();
    while (this.#logsRead < this.decisions.logsAsked.length) this.#readLog();
    this.#check();
    for (const { uuid, state, failures } of this.all) {
      for (const { heard, told: times, hidden } of failures) {
        if (times > 1) throw new Error(`a failure of ${uuid} was told ${times} times`);
        if (times === 0 && (heard || hidden === undefined)) throw new Error(`a failure of ${uuid} was not told`);
      }
      const pending = this.decisions.pending.filter(
        (one) => one.payload.instance_uuid === uuid && vmEventIn(one) === FAILED,
      );
      const gone = !this.domains.has(uuid);
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
    for (const one of this.decisions.notified.slice(this.#toldSoFar)) {
      if (vmEventIn(one) !== FAILED) continue;
      const uuid = one.payload.instance_uuid;
      this.log.push(`told ${uuid} failed`);
      const failures = this.all.find((domain) => domain.uuid === uuid)?.failures ?? [];
      const failure = failures.find((candidate) => candidate.told === 0 && candidate.heard) ?? failures.at(-1);
      if (failure === undefined) throw new Error(`${uuid} has never failed`);
      failure.told += 1;
      if (failure.told > 1) throw new Error(`the failure of ${uuid} is told again`);
    }
    this.#toldSoFar = this.decisions.notified.length;
  }

  #deliver(): void {
    const event = this.events.shift();
    if (event === undefined) return;
    this.log.push(`event ${event.domain.uuid} ${event.words}`);
    if (event.failure) event.failure.heard = true;
    this.decisions.lifecycle(event.words, event.domain.uuid, event.id);
  }

  /** The next step of connecting and looking. */
  #look(): void {
    if (!this.#monitorRuns || !this.libvirtdRuns) return;
    if (!this.connected) {
      this.connected = true;
      this.events = [];
      this.decisions.connected();
      this.#begin("connected, listed", false);
      return;
    }
    if (this.looking === undefined) {
      // The next looks are a second apart, and no event is under way for so long.
      if (this.events.length > 0 || !this.random.chance(0.1)) return;
      this.decisions.look();
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
    this.log.push("looked");
    const looks = questions.flatMap(({ uuid, read }): Partial<Look>[] => {
      if (read === undefined || read === "gone") return [];
      return [{ uuid, transient: listed.find((one) => one.uuid === uuid)?.transient === true, ...read }];
    });
    this.looking = undefined;
    this.completeOnce = true;
    this.decisions.snapshot(looks, after, again);
  }

  #begin(how: string, again: boolean): void {
    const listed = [...this.domains.values()];
    const questions = listed.map(({ uuid }): Question => ({ uuid, read: undefined }));
    this.looking = { after: this.decisions.eventCount, again, listed, questions };
    this.log.push(how);
  }

  #read(uuid: string): Question["read"] {
    const domain = this.domains.get(uuid);
    return domain === undefined ? "gone" : { state: domain.state, reason: domain.reason, id: domain.id };
  }

  /** The next log that was asked for is read; what was asked for when the monitor ended is lost. */
  #readLog(): void {
    const uuid = this.decisions.logsAsked[this.#logsRead];
    if (uuid === undefined) return;
    this.#logsRead += 1;
    const domain = this.all.find((one) => one.uuid === uuid);
    if (domain === undefined) return;
    this.log.push(`log of ${uuid} read: ${domain.loggedEnd.reason}`);
    if (domain.state === "SHUTOFF") this.decisions.loggedEnd(domain.loggedEnd.reason, domain.loggedEnd.signal, uuid);
    else this.decisions.noLoggedEnd("it runs", uuid);
  }

  #loseConnection(): void {
    if (!this.connected) return;
    this.log.push("connection lost");
    this.connected = false;
    this.events = [];
    this.looking = undefined;
    if (!this.#monitorRuns) return;
    this.decisions.lose();
    // Long before a connection is made again.
    if (this.random.chance(0.9)) while (this.#logsRead < this.decisions.logsAsked.length) this.#readLog();
    else this.#logsRead = this.decisions.logsAsked.length;
  }

  #toggleMonitor(): void {
    if (this.#monitorRuns) {
      this.#loseConnection();
      this.#monitorRuns = false;
      this.#logsRead = this.decisions.logsAsked.length;
    } else {
      this.log.push("monitor restarted");
      this.#monitorRuns = true;
      this.decisions.restart();
    }
  }

  #toggleLibvirtd(): void {
    if (this.libvirtdRuns) {
      this.#loseConnection();
      this.log.push("libvirtd down");
      this.libvirtdRuns = false;
      for (const domain of this.domains.values()) {
        if (domain.state !== "SHUTOFF") continue;
        // What is off is read from its definition again, which does not say why.
        domain.reason = "UNKNOWN";
        const seen = this.decisions.state.guests.get(domain.uuid);
        const ran = seen !== undefined && ["RUNNING", "PAUSED"].includes(seen.state) && !seen.incoming;
        // QEMU's log still says it of one that nobody has seen off.
        const shows =
          (ran || seen?.endUnknown) && domain.loggedEnd.reason === "crashed" && domain.loggedEnd.signal === undefined;
        if (!shows) this.hide(domain, "libvirtd was restarted");
      }
    } else {
      this.log.push("libvirtd up");
      this.libvirtdRuns = true;
    }
  }

  /** Something about it is still on its way: libvirt tells of a change, and a log is read, long before an owner makes the next. */
  #underWay(domain: Domain): boolean {
    const reading = this.decisions.logsAsked.slice(this.#logsRead).includes(domain.uuid);
    return reading || this.events.some((event) => event.domain === domain);
  }

  #anyDomain(): Domain {
    return this.random.pick([...this.domains.values()]);
  }
}
