import assert from "node:assert/strict";
import { decide } from "../../src/introspective/decide.ts";
import type { Ping } from "../../src/introspective/guest.ts";
import type { IntrospectiveEffect, IntrospectiveObservation } from "../../src/introspective/observation.ts";
import { kept, restoreState } from "../../src/introspective/saved-state.ts";
import { withIndex } from "../../src/introspective/state-changes.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import type { RealGuest } from "../support/introspective-guest.ts";
import type { IntrospectiveWorld } from "../support/introspective-world.ts";
import { savedOf } from "../support/saved.ts";

/** What is known about a guest from the outside. */
interface Account {
  /** Its start that this is about. */
  id: number;
  /** It has answered, so that its silence counts. */
  armed: boolean;
  /** Masakari was notified, and it has not answered since. */
  notified: boolean;
  notifiedSinceStart: boolean;
  /** Its pings that failed in a row, by when they began, mono. */
  failed: readonly number[];
}

const SHORTEST_LIMIT_MS = 300_000;

export interface Watch {
  /** After peace: whoever hangs is notified, nobody else stands in the outbox. */
  checkPeace(): void;
}

/** Checks each decision of `world` against the truth of the world as it is made. */
export function watchInvariants(world: IntrospectiveWorld): Watch {
  const accounts = new Map<string, Account>();
  const { settings } = world;
  const intervalMs = settings.guest_monitoring_interval * 1000;
  let decisions = 0;
  const suspects = Math.min(settings.max_suspect_commands, settings.max_agent_commands - 1);

  const isBad = (real: RealGuest): boolean =>
    real.id !== -1 && !real.paused && real.channel && (!real.open || real.hung);

  const accountOf = (real: RealGuest): Account => {
    const fresh: Account = { id: real.id, armed: false, notified: false, notifiedSinceStart: false, failed: [] };
    let account = accounts.get(real.uuid) ?? fresh;
    if (account.id !== real.id) account = fresh;
    accounts.set(real.uuid, account);
    return account;
  };

  /** The pings under way; whatever else there is of guests costs nothing to follow. */
  const pings = new Map<string, Ping>();
  let followed = world.state.guests;
  const followPings = (): void => {
    const { guests } = world.state;
    for (const uuid of guests.changedSince(followed)) {
      const ping = guests.get(uuid)?.ping;
      if (ping === undefined) pings.delete(uuid);
      else pings.set(uuid, ping);
    }
    followed = guests;
  };

  const onPinged = (observation: IntrospectiveObservation): void => {
    if (observation.kind !== "pinged") return;
    const { outcome } = observation;
    const real = world.guests.get(observation.uuid);
    const ping = pings.get(observation.uuid);
    if (!real || ping?.void !== false) return;
    const account = accountOf(real);
    if (outcome === "unresponsive" || outcome === "disconnected") account.failed = [...account.failed, ping.began];
    if (outcome !== "responded") return;
    account.failed = [];
    account.armed = !account.notified;
    account.notified = false;
  };

  const onDisarming = (observation: IntrospectiveObservation): void => {
    const ignored = settings.agent_disconnected === "ignore";
    const closes =
      (observation.kind === "agentChanged" && !observation.connected && ignored) ||
      (observation.kind === "pinged" && observation.outcome === "disconnected" && ignored);
    const reboots =
      observation.kind === "guestChanged" && observation.what === "rebooted" && settings.leave_alone_restarting;
    if (closes || reboots) disarm(observation.uuid);
    if (observation.kind !== "surveyed" || !ignored) return;
    for (const { uuid, agent } of observation.guests) if (agent === "disconnected") disarm(uuid);
  };
  const disarm = (uuid: string): void => {
    const account = accounts.get(uuid);
    if (account && !account.notified) account.armed = false;
  };

  world.onDecision = (before, observation, effects) => {
    onPinged(observation);
    onDisarming(observation);
    followPings();
    const suspected = [...pings.values()].filter(({ suspect }) => suspect).length;
    assert.ok(suspected <= suspects, `${suspected} pings of suspected guests at the same time`);
    checkTimeouts(effects);
    for (const effect of effects)
      if (effect.kind === "notify") checkNotified(String(effect.notification.payload.instance_uuid));
    // Nothing but the state and the observation counts. To compare takes longer than to decide.
    if (decisions++ % 100 > 0) return;
    assert.deepEqual(decide(before, observation), { state: world.state, effects }, "deciding again comes to the same");
    checkIndex();
  };

  world.onAttempt = ({ subject, leftover }) => {
    const real = world.guests.get(subject.slice("guest:".length));
    const isToBeHeld = leftover && world.mono - world.startedAt < world.catchUpWithinMs;
    if (!isToBeHeld || real === undefined || real.touchedAt >= world.startedAt) return;
    const responds = real.id !== -1 && !real.paused && real.channel && !isBad(real) && real.occupiedBy === undefined;
    assert.ok(
      !responds,
      `${real.uuid} answers since before the monitor's start, and what an earlier run left of it is sent`,
    );
  };

  /** What is kept up to date guest by guest is what all guests together come to. */
  const checkIndex = (): void => {
    const { index } = world.state;
    const anew = withIndex(world.state).index;
    for (const name of Object.keys(anew) as (keyof typeof anew)[]) {
      const [one, other] = [index[name], anew[name]];
      if (typeof one === "number" || typeof other === "number") {
        assert.equal(one, other, `the number of guests in ${name}`);
        continue;
      }
      assert.deepEqual(one.take(), other.take(), `the guests in ${name}`);
      assert.deepEqual(one.first(), other.first(), `the first guest in ${name}`);
    }
  };

  /** What is short in libvirt is known to be, by what is on disk too: so it is put back whatever happens to the monitor. */
  const checkTimeouts = (effects: readonly (CommonEffect | IntrospectiveEffect)[]): void => {
    const setting = effects.filter((effect) => effect.kind === "setResponseTimeout");
    if (setting.length > 0) {
      const saved = restoreState(savedOf(kept, world.state));
      for (const { uuid, seconds } of setting) {
        assert.ok(saved?.shortTimeouts.has(uuid), `${uuid} is shortened, and that is not saved`);
        if (seconds === undefined) continue;
        assert.equal(world.state.guests.get(uuid)?.phase, "error", `${uuid} is shortened, and has no failed ping`);
        assert.equal(seconds, world.settings.suspect_response_timeout);
      }
    }
    let underWay = 0;
    for (const { isBeingSet } of world.state.shortTimeouts.values()) if (isBeingSet) underWay++;
    assert.ok(underWay <= 2, `${underWay} response time-outs are being set at the same time`);
    for (const { uuid, responseTimeout } of world.guests.values()) {
      if (responseTimeout === undefined) continue;
      assert.ok(world.state.shortTimeouts.has(uuid), `${uuid} is short, and that is forgotten`);
    }
  };

  const checkNotified = (uuid: string): void => {
    const real = world.guests.get(uuid);
    assert.ok(real && real.id !== -1 && !real.paused, `${uuid} does not run, and is notified`);
    const account = accountOf(real);
    const occupiedFor = world.mono - (world.stateOf(real)?.occupied?.since ?? 0);
    assert.ok(!real.occupiedBy || occupiedFor >= SHORTEST_LIMIT_MS, `${uuid} is occupied, and is notified`);
    // It may recover while it is examined, which takes milliseconds.
    const racing = world.mono - real.changedAt < 10;
    assert.ok(isBad(real) || racing, `${uuid} answers, and is notified`);
    if (settings.agent_disconnected === "ignore")
      assert.ok(real.open, `${uuid} has closed its channel, and is notified`);
    assert.ok(account.armed, `${uuid} has not answered since it began, and is notified`);
    assert.ok(!account.notified, `${uuid} is notified twice for one failure`);
    if (settings.compat)
      assert.ok(!account.notifiedSinceStart, `${uuid} is notified twice since its start, with compat`);
    const rounds = settings.guest_monitoring_failure_threshold + (settings.compat || !real.hung ? 2 : 0);
    const inARow = account.failed.slice(-rounds);
    assert.equal(inARow.length, rounds, `${uuid} is notified after ${inARow.length} failed pings`);
    const closest = Math.min(...inARow.slice(1).map((began, index) => began - (inARow[index] ?? 0)));
    assert.ok(!real.open || closest >= intervalMs, `${uuid} is notified after failed pings only ${closest} ms apart`);
    account.notified = true;
    account.notifiedSinceStart = true;
  };

  return {
    checkPeace() {
      assert.ok(world.mostInFlight <= settings.max_agent_commands, `${world.mostInFlight} pings at the same time`);
      assert.ok(world.caughtUpAt !== undefined, "what an earlier run left is never sent");
      for (const real of world.guests.values()) checkAtPeace(real, accountOf(real));
      world.checkDelivered();
    },
  };

  function checkAtPeace(real: RealGuest, account: Account): void {
    const counts = isBad(real) && (real.open || settings.agent_disconnected === "failure");
    const mayBeNotified = !settings.compat || !account.notifiedSinceStart;
    // What has hung with another client's command is notified after the limit, which peace need not last for.
    const spared = world.stateOf(real)?.occupied !== undefined;
    if (counts && account.armed && mayBeNotified && !spared)
      assert.ok(account.notified, `${real.uuid} hangs, and is not notified`);
    const standing = world.standing.has(real.uuid);
    assert.equal(standing, account.notified, `${real.uuid} is ${standing ? "" : "not "}in the outbox`);
    assert.equal(real.responseTimeout, undefined, `${real.uuid} keeps its short response time-out`);
    assert.equal(world.state.shortTimeouts.size, 0, "something about response time-outs is left to do");
    if (isBad(real) || real.id === -1 || real.paused || !real.channel) return;
    const last = world.pings.findLast(({ uuid }) => uuid === real.uuid);
    const since = world.mono - (last?.at ?? 0);
    assert.ok(since <= 4 * intervalMs, `${real.uuid} is well, and was pinged ${since} ms ago`);
  }
}

/** No ping of a guest that is well was later than an interval. */
export function checkLateness(world: IntrospectiveWorld, wellUuids: ReadonlySet<string>): void {
  const allowed = world.settings.guest_monitoring_interval * 1000;
  const late = world.pings.find((ping) => wellUuids.has(ping.uuid) && ping.late > allowed);
  assert.equal(late, undefined, `the ping of ${late?.uuid} was ${late?.late} ms late`);
}
