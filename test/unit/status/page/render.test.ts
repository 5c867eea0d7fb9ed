import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf } from "../../../../src/status/page/host-row.ts";
import type { Incident, PeerOverview } from "../../../../src/status/page/overview.ts";
import { renderPage } from "../../../../src/status/page/render.ts";
import { lastIncident } from "../../../../src/status/page/render-incident.ts";
import {
  acceptedIncident,
  hostOverview,
  monitorOverview,
  PAGE_NOW,
  peerOverview,
} from "../../../support/page-overview.ts";

const page = (...peers: readonly PeerOverview[]): string => String(renderPage(peers, PAGE_NOW));
const text = (markup: string): string => markup.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

test("the worst host is the title and the heading, with its reason and the command to paste", () => {
  const disarmed = {
    state: "disarmed" as const,
    reason: "Masakari refuses every notification about this host: compute-2 is on maintenance",
    problems: [{ severity: "degraded", about: "host maintenance", reason: "x", since: "2026-11-28T02:00:00Z" }],
    registration: { segment: "rack-1", on_maintenance: true, enabled: true },
  };
  const shown = page(
    peerOverview("compute-1"),
    peerOverview("compute-2", disarmed),
    peerOverview("compute-3", { state: "held", reason: "no quorum" }),
  );
  assert.match(shown, /<title>Disarmed: compute-2 /);
  assert.match(shown, /<h1 id="verdict">.*<span>Disarmed<\/span><\/h1>/);
  assert.match(text(shown), /1 of 3 hosts: compute-2, for 1 h 0 min/);
  assert.match(shown, /<code>masakari host-update compute-2 --on-maintenance false<\/code>/);
  assert.match(text(shown), /processmonitor: Masakari refuses every notification/);
});

test("a monitor that does not run makes its host blind, whatever the others are", () => {
  const host = hostOverview("compute-1");
  const row = rowOf({
    kind: "host",
    host: { ...host, monitors: [...host.monitors, { kind: "silent", monitor: "hostmonitor", problem: "not running" }] },
  });
  assert.deepEqual([row.state, row.why], ["blind", "hostmonitor: not running"]);
  assert.deepEqual(rowOf({ kind: "host", host: { ...host, monitors: [] } }).why, "no monitor has run here");
});

test("a host that does not respond has a row that gives the reason, with what it sent last", () => {
  const last = hostOverview("compute-2", [
    { registration: { segment: "rack-2", on_maintenance: false, enabled: true } },
  ]);
  const silent: PeerOverview = {
    kind: "silent",
    peer: "compute-2:9101",
    problem: "connection refused",
    since: "2026-11-28T02:59:30.000Z",
    last,
  };
  const row = rowOf(silent);
  assert.deepEqual(
    [row.name, row.state, row.why, row.segment],
    ["compute-2", "silent", "connection refused", "rack-2"],
  );
  assert.match(page(peerOverview("compute-1"), silent), /<title>No contact: compute-2 /);
  assert.equal(rowOf({ ...silent, last: undefined }).name, "compute-2:9101");
});

test("the last incident of all hosts is a timeline in ms, with what Masakari made of it", () => {
  const older = { ...acceptedIncident, id: "1", steps: [{ what: "seen", at: "2026-11-27T00:00:00.000Z" }] };
  const peers = [
    peerOverview("compute-1", { incident: older }),
    peerOverview("compute-2", { incident: acceptedIncident }),
  ];
  assert.equal(lastIncident(peers.map(rowOf))?.host, "compute-2");
  const shown = text(page(...peers));
  assert.match(
    shown,
    /seen 02:59:00\.100 decided 02:59:00\.104 \+4 ms sent 02:59:00\.106 \+2 ms accepted 02:59:00\.147 \+41 ms Masakari: finished 02:59:31/,
  );
  assert.match(shown, /47 ms from the first to the last step here\. Masakari's UUID: /);
});

test("below the incident stands a sentence for each thing that is known of it", () => {
  const below = (change: Partial<Incident>): string => {
    const shown = page(peerOverview("compute-1", { incident: { ...acceptedIncident, ...change } }));
    const [, sentences = ""] = /<\/ol>\s*<p class="none">(.*?)<\/p>/s.exec(shown) ?? [];
    return sentences.replace(/<[^>]*>/g, "").trim();
  };
  const rejected = { reason: "the host is on maintenance.", notification_uuid: null };
  assert.equal(
    below({ ...rejected, attempts: 2 }),
    "47 ms from the first to the last step here; 2 attempts. the host is on maintenance.",
  );
  assert.equal(below({ ...rejected, attempts: 1, steps: [] }), "the host is on maintenance.");
  assert.match(
    below({ reason: null, attempts: 1 }),
    /^47 ms from the first to the last step here\. Masakari's UUID: \S+$/,
  );
});

test("what is not well is listed once, whoever sees it", () => {
  const lost = {
    kind: "host",
    name: "compute-9",
    id: null,
    phase: "offline, lost",
    since: "2026-11-28T02:59:00Z",
    last_event: null,
  };
  const gates = [{ gate: "storm guard", reason: "5 hosts are lost", since: "2026-11-28T02:59:00Z" }];
  const seen = { monitor: "hostmonitor", unwell: [lost, { ...lost, name: "compute-8" }], gates };
  const shown = text(page(peerOverview("compute-1", seen), peerOverview("compute-2", seen)));
  assert.match(shown, /Gates holding storm guard 5 hosts are lost for 1 min 0 s , on compute-1, compute-2/);
  assert.equal(shown.match(/compute-9, compute-8 offline, lost/g)?.length, 1);
});

test("names and reasons from outside become no markup, and nothing is inline", () => {
  const hostile = `<img src=x onerror="alert(1)">`;
  const shown = page({
    kind: "host",
    host: {
      host: hostile,
      at: hostile,
      driver: hostile,
      monitors: [
        { kind: "silent", monitor: hostile, problem: hostile },
        {
          kind: "overview",
          monitor: hostile,
          overview: monitorOverview({
            monitor: hostile,
            version: hostile,
            hostname: hostile,
            reason: hostile,
            since: hostile,
            state: "held",
            last_observation_at: hostile,
            problems: [{ severity: hostile, about: hostile, reason: hostile, since: hostile }],
            gates: [{ gate: hostile, reason: hostile, since: hostile }],
            counts: [{ kind: hostile, state: hostile, count: 1 }],
            unwell: [
              {
                kind: "guest",
                name: hostile,
                id: hostile,
                phase: hostile,
                since: hostile,
                last_event: { at: hostile, text: hostile },
              },
            ],
            proof: { host: hostile, text: hostile, at: hostile },
            registration: { segment: hostile, on_maintenance: false, enabled: true },
            incident: {
              ...acceptedIncident,
              about: hostile,
              reason: hostile,
              notification_uuid: hostile,
              steps: [{ what: hostile, at: hostile }],
              masakari: { status: hostile, at: hostile, problem: hostile },
            },
          }),
        },
      ],
    },
  });
  assert.doesNotMatch(shown, /<img/);
  assert.doesNotMatch(shown, /<[^>]*\s(?:style|on\w+)=/);
  assert.doesNotMatch(shown, /<style|<script(?! type="module" src="\/page\.js"><\/script>)/);
});
