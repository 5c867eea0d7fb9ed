import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition, Severity } from "../../../src/status/conditions.ts";
import { judge, stuckSince, type Verdict, worst } from "../../../src/status/verdict.ts";
import { type ChangedFacts, factsWith, NOW } from "../../support/health-facts.ts";

const CONSEQUENCE = "the guests are not monitored";
const minutes = (count: number): number => count * 60_000;
const ago = (count: number) => ({ wall: 0, mono: NOW - minutes(count) });
const trouble = (reason: string, since: number) => ({ reason, since: NOW - minutes(since) });

interface Row {
  readonly what: string;
  readonly facts: ChangedFacts;
  readonly verdict: Verdict;
  /** `about` and what the reason is, for each problem in order; minutes since. */
  readonly problems?: readonly (readonly [about: string, reason: RegExp, since: number])[];
}

const outage = trouble("connection refused", 4);
const disk = trouble("no space left", 2);

const condition = (problem: string | undefined, minutesAgo: number, severity: Severity = "degraded"): Condition => ({
  problem,
  consequence: CONSEQUENCE,
  severity,
  since: ago(minutesAgo),
});

const table: readonly Row[] = [
  { what: "all is well", facts: {}, verdict: "ok" },
  {
    what: "conditions that are well",
    facts: { conditions: new Map([["libvirt", condition(undefined, 5)]]) },
    verdict: "ok",
  },
  {
    what: "libvirt is away",
    facts: {
      conditions: new Map([["libvirt", condition("connection refused", 5)]]),
    },
    verdict: "degraded",
    problems: [["libvirt", /^the guests are not monitored: connection refused$/, 5]],
  },
  {
    what: "an edit of the list and a SIGHUP are refused: the older first",
    facts: {
      conditions: new Map([
        ["process list", condition("list.yaml:3: error", 1)],
        ["configuration", condition("m.conf:9: error", 2)],
      ]),
    },
    verdict: "degraded",
    problems: [
      ["configuration", /m\.conf:9/, 2],
      ["process list", /the guests are not monitored: list\.yaml:3/, 1],
    ],
  },
  {
    what: "a condition that was declared as failing",
    facts: { conditions: new Map([["cluster", condition("no quorum", 3, "failing")]]) },
    verdict: "failing",
    problems: [["cluster", /^the guests are not monitored: no quorum$/, 3]],
  },
  {
    what: "every attempt fails",
    facts: { outbox: { outage, pending: 3, oldestPending: NOW - minutes(9) } },
    verdict: "degraded",
    problems: [["delivery", /^Masakari cannot be notified: connection refused; 3 notifications wait$/, 4]],
  },
  {
    what: "nothing waits, and Masakari cannot be found",
    facts: { outbox: { unreachable: trouble("no endpoint", 7) } },
    verdict: "degraded",
    problems: [["masakari", /^no notification could be sent: no endpoint$/, 7]],
  },
  {
    what: "attempts fail, and so does the check: shown once",
    facts: { outbox: { outage, pending: 1, oldestPending: NOW, unreachable: trouble("no endpoint", 7) } },
    verdict: "degraded",
    problems: [["delivery", /connection refused; 1 notification waits$/, 4]],
  },
  {
    what: "nothing waits, and there is no login",
    facts: { outbox: { login: trouble("wrong password", 7) } },
    verdict: "degraded",
    problems: [["login", /^cannot log in: wrong password$/, 7]],
  },
  {
    what: "attempts fail for want of a login: one cause, shown once",
    facts: { outbox: { outage: trouble("Keystone: wrong password", 1), login: trouble("wrong password", 7) } },
    verdict: "degraded",
    problems: [["delivery", /wrong password; 0 notifications wait/, 1]],
  },
  {
    what: "a notification waits although the API answers",
    facts: { outbox: { pending: 1, oldestPending: NOW - minutes(6) } },
    verdict: "degraded",
    problems: [["delivery", /^1 notification waits although Masakari responds$/, 6]],
  },
  { what: "one waits for a retry", facts: { outbox: { pending: 1, oldestPending: NOW - minutes(4) } }, verdict: "ok" },
  {
    what: "one was rejected lately",
    facts: { outbox: { undeliverable: trouble("rejected: host-1 is in no segment", 59) } },
    verdict: "degraded",
    problems: [["delivery", /will not be: rejected: host-1 is in no segment/, 59]],
  },
  { what: "one was rejected long ago", facts: { outbox: { undeliverable: trouble("rejected", 61) } }, verdict: "ok" },
  {
    what: "the disk is full, and Masakari can be notified",
    facts: { outbox: { disk, pending: 3 } },
    verdict: "degraded",
    problems: [["disk", /memory only.*no space left$/, 2]],
  },
  {
    what: "the disk is full and Masakari away, but nothing is owed",
    facts: { outbox: { disk, outage } },
    verdict: "degraded",
    problems: [
      ["delivery", /cannot be notified/, 4],
      ["disk", /memory only/, 2],
    ],
  },
  {
    what: "the disk is full, Masakari away, and something is owed: a stop would lose it",
    facts: { outbox: { disk, outage, pending: 2, oldestPending: NOW } },
    verdict: "failing",
    problems: [
      ["disk", /stopping now would lose 2 notifications/, 2],
      ["delivery", /cannot be notified/, 4],
    ],
  },
  {
    what: "it has just been started",
    facts: { loop: { observations: 0, lastObservation: undefined, sensingSince: NOW - 100 } },
    verdict: "degraded",
    problems: [["sensing", /starting/, 100 / 60_000]],
  },
  {
    what: "sensing has failed and waits to be restarted",
    facts: { loop: { sensingSince: undefined, restarts: 1, lastFailure: trouble("no /proc", 1) } },
    verdict: "failing",
    problems: [["sensing", /sensing failed: no \/proc/, 1]],
  },
  {
    what: "sensing failed lately and goes on",
    facts: { loop: { restarts: 2, lastFailure: trouble("a defect", 30) } },
    verdict: "degraded",
    problems: [["sensing", /was restarted \(restart 2\): a defect/, 30]],
  },
  { what: "sensing failed long ago", facts: { loop: { restarts: 2, lastFailure: trouble("x", 61) } }, verdict: "ok" },
  {
    what: "sensing is stuck",
    facts: { loop: { lastObservation: NOW - minutes(2) } },
    verdict: "failing",
    problems: [["sensing", /^stuck: .*restart this program$/, 2]],
  },
  {
    what: "sensing is stuck from its beginning",
    facts: { loop: { observations: 0, lastObservation: undefined, sensingSince: NOW - minutes(2) } },
    verdict: "failing",
    problems: [
      ["sensing", /stuck/, 2],
      ["sensing", /starting/, 2],
    ],
  },
  {
    what: "silence that means nothing",
    facts: { loop: { lastObservation: NOW - minutes(50), silenceLimitMs: undefined } },
    verdict: "ok",
  },
  {
    what: "an effect does not end",
    facts: { loop: { oldestActing: { kind: "ping", since: NOW - minutes(31) } } },
    verdict: "degraded",
    problems: [["acting", /^ping has not finished$/, 31]],
  },
  {
    what: "an effect is slow",
    facts: { loop: { oldestActing: { kind: "run", since: NOW - minutes(5) } } },
    verdict: "ok",
  },
];

for (const { what, facts, verdict, problems = [] } of table) {
  test(`${what}: ${verdict}`, () => {
    const judged = judge(factsWith(facts), NOW);
    assert.equal(judged.verdict, verdict);
    assert.deepEqual(
      judged.problems.map(({ about, since }) => [about, (NOW - since) / 60_000]),
      problems.map(([about, , since]) => [about, since]),
    );
    for (const [index, [, reason]] of problems.entries()) assert.match(judged.problems[index]?.reason ?? "", reason);
  });
}

test("a run of sensing that has just begun is not stuck for what came before it", () => {
  const { loop } = factsWith({ loop: { lastObservation: NOW - minutes(5), sensingSince: NOW - 1000 } });
  assert.equal(stuckSince(loop, NOW), undefined);
  assert.equal(stuckSince(loop, NOW + minutes(2)), NOW - 1000);
});

test("the worst of several counts", () => {
  assert.equal(worst([]), "ok");
  assert.equal(worst(["ok", "degraded", "ok"]), "degraded");
  assert.equal(worst(["ok", "failing", "degraded"]), "failing");
});
