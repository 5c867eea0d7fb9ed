import type { Death, Machine } from "../../src/cli/sandbox/hosts/machine.ts";
import type { ClusterObservation } from "../../src/host/driver.ts";
import type { Notification } from "../../src/notify/notification.ts";
import type { HostWorld, Watched } from "./host-world.ts";

/** For so long after a host is back its failure may be reported, ms: as `RETURNED_MS` of host/decide, and a request's time. */
const STILL_TRUE_MS = 160_000;
/** A fencing that was seen afterwards is reported for so long, ms: `RETURN_NOTICED_MS` of host/decide. */
const RETURN_NOTICED_MS = 600_000;

/** A look that began so long ago is old, ms. */
const OLD_LOOK_MS = 5000;
/** A monitor reads its orders every 2 s (`ORDERS_EVERY_MS` of host/sense.ts). */
const ORDERS_READ_MS = 2500;

/** What one monitor has been shown of one host. */
interface Shown {
  /** The latest look but one, and the latest, that showed it online, mono ms. */
  before: number;
  online: number;
  /** Since when all looks have shown it so since its latest boot, mono ms. */
  onlineSince: number | undefined;
  /** The latest `onlineSince` there was: also while it is shown down again, mono ms. */
  lastOnlineSince: number;
  /** Its boots at the latest look. */
  boots: number;
  offlineSince: number | undefined;
}

/** What must never happen, checked while it might, and what must have happened in the end. */
export class HostInvariants {
  readonly violations: string[] = [];
  /** Reports of hosts that had died, and of others, as Masakari stored them with NORMAL. */
  readonly counts = {
    reported: 0,
    falseReports: 0,
    owed: 0,
    held: 0,
    missed: 0,
    unknown: 0,
    returnedDeaths: 0,
    returnedReported: 0,
  };
  readonly #world: HostWorld;
  readonly #shown = new Map<string, Map<string, Shown>>();
  readonly #looks = new Map<string, ClusterObservation>();
  /** The look on which a notification was decided. */
  readonly #basis = new Map<string, ClusterObservation | undefined>();
  /** The truth about each notification, when it was made. */
  readonly #made = new Map<string, { readonly death: Death | undefined; readonly by: string }>();

  constructor(world: HostWorld) {
    this.#world = world;
  }

  looked({ machine }: Watched, look: ClusterObservation): void {
    this.#looks.set(machine.name, look);
    const isTrusted = look.quorum === "yes" && look.self.stable === "yes";
    if (look.interrupted || !isTrusted) {
      for (const { name } of look.hosts) this.#shownTo(machine.name, name).onlineSince = undefined;
    }
    if (!isTrusted) return;
    const now = look.at.mono;
    // It was under way while the program was suspended: not believed.
    if (this.#world.clock.now().mono - now > OLD_LOOK_MS) return;
    for (const { name, state } of look.hosts) {
      const shown = this.#shownTo(machine.name, name);
      const { boots } = this.#machine(name);
      if (boots !== shown.boots) shown.onlineSince = undefined;
      shown.boots = boots;
      if (state === "online") {
        shown.before = shown.online;
        shown.online = now;
        shown.onlineSince ??= now;
        shown.lastOnlineSince = shown.onlineSince;
        shown.offlineSince = undefined;
      } else {
        shown.onlineSince = undefined;
        if (state === "offline") shown.offlineSince ??= now;
      }
    }
  }

  decidedOn({ machine }: Watched, notification: Notification): void {
    this.#basis.set(`${machine.name} ${keyOf(notification)}`, this.#looks.get(machine.name));
  }

  added(by: Watched, notification: Notification): void {
    const { hostname, payload, generated_time } = notification;
    const { name } = by.machine;
    const what = `${name} reports ${hostname} ${payload.event} ${payload.host_status}`;
    this.#world.timeline.add(name, `notifies: ${hostname} ${payload.event} ${payload.host_status}`);
    const lost = this.#machine(hostname);
    const shown = this.#shownTo(name, hostname);
    // Of a host that is shown up, it is about a failure that it is back from, also if it has just failed again.
    const isBack = ({ back }: Death): boolean => shown.onlineSince === undefined || back !== undefined;
    const death = lost.deaths.findLast(isBack) ?? lost.deaths.at(-1);
    this.#made.set(keyOf(notification), { death, by: name });
    if (payload.event !== "STOPPED") return;
    const now = this.#world.clock.now().mono;
    const look = this.#basis.get(`${name} ${keyOf(notification)}`);
    const fail = (why: string): void => {
      this.violations.push(`${what} ${why} (${generated_time})`);
    };
    if (look?.quorum !== "yes") fail("without quorum");
    const { disarmed } = by.orders;
    if (disarmed !== undefined && disarmed.until.mono > now && now - by.orderedAt > ORDERS_READ_MS) {
      fail("while disarmed");
    }
    if (payload.host_status === "UNKNOWN") {
      this.counts.unknown += 1;
      return;
    }
    const diedUnseen = lost.deaths.some(({ back }) => back === undefined || back > shown.before);
    const hasReturned = lost.deaths.some(({ back, fencedAt }) => {
      const isRecent = fencedAt !== undefined && now - fencedAt < RETURN_NOTICED_MS + STILL_TRUE_MS;
      return isRecent && (back === undefined || now - Math.max(back, shown.lastOnlineSince) < STILL_TRUE_MS);
    });
    if (!diedUnseen && !hasReturned) {
      fail("although it has been alive all the time");
      this.counts.falseReports += 1;
    }
    this.#checkStorm(by, lost, fail);
  }

  /** A request with it begins. */
  attempted({ machine }: Watched, { hostname, payload }: Notification): void {
    if (payload.event !== "STOPPED") return;
    const { onlineSince } = this.#shownTo(machine.name, hostname);
    const lost = this.#machine(hostname);
    if (!lost.alive) return;
    const now = this.#world.clock.now().mono;
    const upSince = onlineSince && Math.max(onlineSince, lost.deaths.at(-1)?.back ?? 0);
    if (upSince !== undefined && now - upSince > STILL_TRUE_MS) {
      this.violations.push(
        `${machine.name} sends ${hostname} STOPPED ${payload.host_status} although it has seen it up for ${(now - upSince) / 1000} s`,
      );
    }
  }

  /** At the end of the peace. */
  judge(): void {
    this.#countStored();
    for (const { machine } of this.#world.hosts) this.#judgeHost(machine);
    for (const host of this.#world.hosts) this.#judgeMonitor(host);
  }

  #countStored(): void {
    const stored = this.#world.masakari.api.stored.filter(
      ({ notification: { payload } }) => payload.event === "STOPPED",
    );
    const seen = new Map<string, number>();
    for (const { notification } of stored) {
      const { hostname, payload } = notification;
      const death = this.#made.get(keyOf(notification))?.death;
      const key = `${hostname} ${death?.at} ${payload.host_status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (payload.host_status === "NORMAL") this.counts.reported += 1;
    }
    for (const [key, count] of seen) {
      if (count > 1 && this.#world.knowsRepeats && key.endsWith("NORMAL"))
        this.violations.push(`${count} notifications were stored of one failure: ${key}`);
    }
  }

  #judgeHost(machine: Machine): void {
    const isReported = (death: Death): boolean =>
      this.#world.masakari.api.stored.some(({ notification }) => {
        const { payload, hostname } = notification;
        if (hostname !== machine.name || payload.host_status !== "NORMAL" || payload.event !== "STOPPED") return false;
        return this.#made.get(keyOf(notification))?.death === death;
      });
    for (const death of machine.deaths) {
      if (death.back === undefined) continue;
      this.counts.returnedDeaths += 1;
      if (isReported(death)) this.counts.returnedReported += 1;
    }
    const last = machine.deaths.at(-1);
    if (last === undefined || last.back !== undefined) return;
    // That it had been up again since the failure before, nobody could see: to all it is the same failure.
    const before = machine.deaths.at(-2)?.back ?? 0;
    if (!this.#world.hosts.some((by) => this.#shownTo(by.machine.name, machine.name).online > before)) return;
    this.counts.owed += 1;
    if (isReported(last)) return;
    if (this.#isHeldOpenly(machine, before)) {
      this.counts.held += 1;
      return;
    }
    this.counts.missed += 1;
    this.violations.push(`${machine.name} died at ${last.at / 1000 - 1} s and nobody has reported it`);
  }

  /**
   * Every monitor that has a cluster shows why it is not reported: except those to which it is still the failure before, since they have
   * not seen the host up since then (ms), while others have.
   */
  #isHeldOpenly({ name }: Machine, before: number): boolean {
    const watching = this.#world.hosts.filter(({ machine }) => machine.participates);
    const knowing = watching.filter(({ machine }) => this.#shownTo(machine.name, name).online > before);
    const monitors = (knowing.length > 0 ? knowing : watching).flatMap(({ program }) => program ?? []);
    return monitors.every(({ state }) => {
      const problem = ["planned work", "down at first sight"].find((one) =>
        state.problems.get(one)?.problem.includes(name),
      );
      return problem !== undefined || state.problems.has("quorum");
    });
  }

  #judgeMonitor({ machine, program }: Watched): void {
    for (const { name, loss } of program?.state.hosts.values() ?? []) {
      if (loss === undefined || (loss.sent?.status === "NORMAL" && !loss.withdrawn)) continue;
      const hidden = loss.holds.filter(({ gate }) => !program?.state.problems.has(gate));
      for (const { gate } of hidden) {
        this.violations.push(`${machine.name} holds ${name} (${gate}) without a condition`);
      }
      if (loss.holds.length === 0 && !loss.withdrawn) {
        this.violations.push(`${machine.name} neither reports nor holds ${name}`);
      }
    }
  }

  #checkStorm(by: Watched, lost: Machine, fail: (why: string) => void): void {
    const { settings, hosts, clock } = this.#world;
    const { released } = by.orders;
    if (released !== undefined) return;
    const now = clock.now().mono;
    const steady = settings.monitoring_samples * settings.monitoring_interval * 1000;
    const from = now - settings.storm_window * 1000;
    const down = hosts.filter(({ machine }) => {
      const { offlineSince } = this.#shownTo(by.machine.name, machine.name);
      if (machine === by.machine || offlineSince === undefined || offlineSince < from) return false;
      return machine === lost || now - offlineSince > steady;
    });
    const limit = Math.max(settings.storm_minimum, Math.floor(settings.storm_ratio * (hosts.length - 1)) + 1);
    if (down.length >= limit) fail(`in a storm of ${down.length} hosts`);
  }

  #shownTo(monitor: string, host: string): Shown {
    let all = this.#shown.get(monitor);
    if (all === undefined) {
      all = new Map();
      this.#shown.set(monitor, all);
    }
    let shown = all.get(host);
    if (shown === undefined) {
      shown = { before: 0, online: 0, onlineSince: undefined, lastOnlineSince: 0, boots: 0, offlineSince: undefined };
      all.set(host, shown);
    }
    return shown;
  }

  #machine(name: string): Machine {
    return this.#world.host(name).machine;
  }
}

/** No two of a host are of one moment. */
function keyOf({ hostname, generated_time, payload }: Notification): string {
  return `${hostname} ${generated_time} ${payload.event} ${payload.host_status}`;
}
