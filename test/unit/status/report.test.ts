import assert from "node:assert/strict";
import { test } from "node:test";
import { reportOn, summary } from "../../../src/status/report.ts";
import { factsWith, NOW } from "../../support/health-facts.ts";

const CONSEQUENCE = "the guests are not monitored";
const identity = { program: "instancemonitor", version: "1.2.3", pid: 42, hostname: "compute1" };
const NONE = { count: 0, sumSeconds: 0, buckets: [] };
const noon = Date.UTC(2026, 10, 23, 12);

test("the report is the documented shape; its times are by this host's clock as it is now, after a step of it too", () => {
  const facts = factsWith({
    conditions: new Map([
      [
        "libvirt",
        {
          problem: "connection refused",
          consequence: CONSEQUENCE,
          severity: "degraded",
          since: { wall: 0, mono: NOW - 90_000 },
        },
      ],
    ]),
    loop: {
      decisionLatency: {
        count: 3,
        sumSeconds: 2.5,
        buckets: [
          [0.1, 1],
          [1, 2],
        ],
      },
    },
    outbox: { pending: 2, oldestPending: NOW - 30_400, inFlight: 1, counters: { added: 2 }, deliveryLatency: NONE },
  });
  const started = { wall: 0, mono: NOW - 3_600_000 };
  assert.deepEqual(reportOn({ ...identity, started }, facts, { wall: noon, mono: NOW }), {
    ...identity,
    started_at: "2026-11-23T11:00:00.000Z",
    uptime_seconds: 3600,
    verdict: "degraded",
    problems: [
      {
        severity: "degraded",
        about: "libvirt",
        reason: "the guests are not monitored: connection refused",
        since: "2026-11-23T11:58:30.000Z",
        seconds: 90,
      },
    ],
    conditions: { libvirt: { ok: false, since: "2026-11-23T11:58:30.000Z", problem: "connection refused" } },
    outbox: { pending: 2, oldest_pending_seconds: 30, in_flight: 1, on_disk: true, counters: { added: 2 } },
    sensing: {
      observations: 700,
      last_observation_at: "2026-11-23T11:59:56.000Z",
      restarts: 0,
      failed_decisions: 0,
      failed_effects: 0,
    },
    latency: {
      decision: { count: 3, sum_seconds: 2.5, buckets: { "0.1": 1, "1": 2, "+Inf": 3 } },
      delivery: { count: 0, sum_seconds: 0, buckets: { "+Inf": 0 } },
    },
    event_loop: { worst_delay_seconds: 0.012 },
  });
});

test("the summary is one line, with the monitor's name where there are several, and stays the same as time passes", () => {
  const facts = factsWith({ outbox: { login: { reason: "wrong password", since: NOW - 5000 } } });
  const well = { name: "processmonitor", facts: factsWith({}) };
  const ill = { name: "instancemonitor", facts };
  assert.equal(summary([well], NOW), "ok");
  assert.equal(summary([ill], NOW), "degraded: cannot log in: wrong password");
  assert.equal(summary([well, ill], NOW), "degraded: instancemonitor: cannot log in: wrong password");
  assert.equal(summary([well, ill], NOW + 3000), summary([well, ill], NOW));
});
