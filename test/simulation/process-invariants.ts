import assert from "node:assert/strict";
import { decide } from "../../src/process/decide.ts";
import { keyed } from "../../src/process/keyed.ts";
import { downSinceOf, type EntryState, type ProcessState } from "../../src/process/state.ts";
import type { ProcessWorld } from "../support/process-world.ts";

const START = new Set(["start_command"]);
/** A command that may be the first of a start or a round. */
const FIRST = new Set(["pre_start_command", "pre_restart_command"]);
const AT_WORK = /activating|deactivating|reloading/;
const RESTART = new Set(["pre_restart_command", "restart_command"]);

/** What is known about an entry from the outside: by its processes, its commands and its notifications. */
interface Account {
  /** Rounds begun since it was last seen to be well. */
  rounds: number;
  /** The monitor has been restarted, or the entry is new, or its number of rounds was changed: rounds cannot be counted. */
  uncounted: boolean;
  /** Notified, and neither seen running since, nor forgotten with the boot or the list. */
  notified: boolean;
  provenAt: number;
  /** Since when it waits for systemd or another supervisor. */
  settlingSince: number;
  /** It has been up since the boot. */
  seenUp: boolean;
  /** What was due has been held back: the last round is repeated then. */
  held: boolean;
}

const NOTHING_SEEN = { provenAt: 0, settlingSince: 0, seenUp: false, held: false };

/** Checks each decision of `world` against the truth of the world as it is made. */
export function watchInvariants(world: ProcessWorld): void {
  const accounts = new Map<string, Account>();
  const accountOf = (key: string): Account => {
    const known = accounts.get(key) ?? { rounds: 0, uncounted: true, notified: false, ...NOTHING_SEEN };
    accounts.set(key, known);
    return known;
  };
  let boot = world.bootId;
  let decisions = 0;

  world.onDecision = (before, observation, effects) => {
    const current = new Set(world.state.entries.keys());
    if (observation.kind === "started") {
      const rebooted = boot !== world.bootId;
      boot = world.bootId;
      for (const account of accounts.values()) {
        account.uncounted = true;
        if (rebooted) Object.assign(account, { notified: false, seenUp: false });
      }
    }
    if (observation.kind === "exited") {
      const { pid } = observation.process;
      const unnoticed = world.state.entries
        .values()
        .find(({ phase }) => phase.name === "up" && phase.process.pid === pid);
      assert.equal(unnoticed, undefined, `the exit of pid ${pid} changes nothing`);
    }
    for (const key of accounts.keys()) if (!current.has(key)) accounts.delete(key);
    if (observation.kind === "settingsChanged" || observation.kind === "entriesChanged") {
      for (const account of accounts.values()) account.uncounted = true;
    }
    for (const entry of world.state.entries.values()) {
      const { key, phase } = entry;
      const was = entryOf(before.entries, key)?.phase;
      if ("due" in phase && phase.due.repeatRound) accountOf(key).held = true;
      if (was?.name === "up" && phase.name !== "up") {
        const account = accountOf(key);
        if (world.mono >= account.provenAt) Object.assign(account, { rounds: 0, uncounted: false, held: false });
      }
      if (phase.name !== "settling") continue;
      if (was?.name === "settling") checkSettling(world, entry, accountOf(key).settlingSince);
      else accountOf(key).settlingSince = world.mono;
    }
    if (observation.kind === "commandEnded" && !observation.succeeded) {
      const was = entryOf(before.entries, observation.key)?.phase;
      const its = was?.name === "restarting" && was.run === observation.run;
      // A round ends with it; otherwise a round is counted by its restart_command.
      if (its && was.stage === "pre_restart_command") accountOf(observation.key).rounds++;
    }
    for (const effect of effects) {
      if (effect.kind === "watch") {
        const account = accountOf(effect.key);
        if (account.notified) Object.assign(account, { rounds: 0, uncounted: false, notified: false, held: false });
        account.seenUp = true;
        // Another of its processes that is watched in place of the first changes nothing.
        if (entryOf(before.entries, effect.key)?.phase.name !== "up")
          account.provenAt = world.mono + world.settings.check_interval * 1000;
      }
      if (effect.kind === "run") {
        const { key, stage } = effect;
        const account = accountOf(key);
        if (FIRST.has(stage)) checkUnopposed(world, key, account);
        if (START.has(stage)) assert.ok(!world.isRunning(key), `${key} is running, and start_command is run`);
        if (RESTART.has(stage)) {
          assert.ok(!world.isRunning(key), `${key} is running, and ${stage} is run`);
          assert.ok(!account.notified, `${key} is restarted after Masakari was notified`);
        }
        if (stage === "restart_command") account.rounds++;
      }
      if (effect.kind === "caughtUp") {
        // Between two looks it may have come up unseen.
        if (observation.kind !== "seen" && observation.kind !== "started") continue;
        const untrue = [...world.inForce.keys()].filter((subject) => world.isRunning(subject.slice("process:".length)));
        assert.deepEqual(untrue, [], "what an earlier run left is sent, and is not true any more");
      }
      if (effect.kind === "notify") {
        const key = effect.subject.slice("process:".length);
        const account = accountOf(key);
        const entry = entryOf(world.state.entries, key)?.entry;
        assert.ok(entry, `${key} is not in the list, and is notified`);
        assert.ok(!world.isRunning(key), `${key} is running, and is notified as stopped`);
        assert.ok(!account.notified, `${key} is notified twice for one failure`);
        const rounds = entry.restart_command ? (entry.restart_retries ?? world.settings.restart_retries) + 1 : 0;
        if (!account.uncounted && !account.held)
          assert.equal(account.rounds, rounds, `rounds of ${key} before it is notified`);
        checkUnopposed(world, key, account);
        const sinceBoot = world.mono - world.bootedAt;
        const patient = account.seenUp || sinceBoot >= world.settings.boot_grace * 1000;
        assert.ok(patient, `${key} was not seen up since the boot ${sinceBoot} ms ago, and is notified`);
        account.notified = true;
      }
    }
    // Nothing but the state and the observation counts. To compare takes longer than all else.
    if (decisions++ % 4 > 0) return;
    const again = decide(before, observation);
    assert.deepEqual(
      { state: plain(again.state), effects: again.effects },
      { state: plain(world.state), effects },
      "deciding again comes to the same",
    );
  };
}

/** systemd was asked a moment ago, and was not at work on it, not shutting down and (where it was never up) not booting. */
function checkUnopposed(world: ProcessWorld, key: string, { seenUp }: Account): void {
  assert.ok(!world.isPaused(key), `${key} is paused, and acted on`);
  if (!world.systemd) return;
  const { at = -1, status } = world.statuses.get(key) ?? {};
  const phase = entryOf(world.state.entries, key)?.phase;
  assert.ok(world.mono - at <= 500, `${key} is acted on, and systemd was asked ${world.mono - at} ms ago`);
  if (status === undefined) return;
  assert.notEqual(status.system, "stopping", `${key} is acted on during a shutdown`);
  const stopped = status.unit?.active === "inactive" && status.unit.activeExited > 0;
  const left = entryOf(world.state.entries, key)?.entry.leave_stopped && stopped;
  assert.ok(!left, `${key} was stopped through systemd, and is not left so`);
  const since = phase && downSinceOf(phase);
  const down = since ? world.mono - since.mono : 0;
  const limit = seenUp ? 600_000 : 1_800_000;
  const busy = status.unit !== undefined && (status.unit.job || AT_WORK.test(status.unit.active));
  assert.ok(!busy || down >= limit, `${key} is acted on, and systemd is at work on it`);
}

/** Whatever the other entries do, the owner's time ends when it ends. */
function checkSettling(world: ProcessWorld, entry: EntryState, since: number): void {
  const { key, phase } = entry;
  if (phase.name !== "settling" || world.unreadableAt >= since) return;
  assert.ok(world.mono <= phase.until, `${key} waits ${world.mono - phase.until} ms longer than its time to settle`);
}

/** After peace: every entry is up and watched, or notified; what stands in the outbox is exactly what is true. */
export function checkPeace(world: ProcessWorld): void {
  const keys = keyed(world.entries).map(({ key }) => key);
  for (const key of keys) {
    const phase = world.phaseOf(key);
    const expected = world.isRunning(key) ? "up" : "failed";
    assert.equal(phase?.name, expected, `${key} ${world.isRunning(key) ? "runs" : "is down"}`);
    assert.equal(world.inForce.has(`process:${key}`), !world.isRunning(key), `the outbox about ${key}`);
  }
  assert.ok(world.caughtUp || keys.length === 0, "what an earlier run left is never sent");
  const strangers = [...world.inForce.keys()].filter((subject) => !keys.includes(subject.slice("process:".length)));
  assert.deepEqual(strangers, [], "notifications about what is not in the list stand");
  world.checkDelivered();
}

/** With contents that can be compared. */
function plain(state: ProcessState): unknown {
  const { entries, postponed, unconfirmed, saved, ...rest } = state;
  return { ...rest, maps: [entries, postponed, unconfirmed, saved].map((map) => [...map]) };
}

function entryOf(entries: ReadonlyMap<string, EntryState>, key: string): EntryState | undefined {
  return entries.get(key);
}
