import assert from "node:assert/strict";
import { test } from "node:test";
import { Trails } from "../../../../src/notify/trails.ts";
import { incidentOf } from "../../../../src/status/page/incident.ts";
import { MasakariProgress } from "../../../../src/status/page/masakari-progress.ts";
import { settle, VirtualClock } from "../../../support/virtual-clock.ts";

const at = (ms: number) => ({ wall: Date.UTC(2026, 10, 28) + ms, mono: 1000 + ms });
const entry = {
  id: "0badcafe",
  subject: "nova-compute",
  notification: {
    type: "PROCESS",
    hostname: "compute-1",
    generated_time: "2026-11-28T00:00:00.007000",
    payload: { event: "STOPPED", process_name: "nova-compute" },
  },
  attempts: 1,
  bootId: "b",
  created: at(9),
} as const;
const ended = {
  ...entry,
  state: "delivered",
  reason: undefined,
  notificationUuid: "u",
  endedWall: at(50).wall,
} as const;
const steps = (...args: Parameters<typeof incidentOf>) =>
  incidentOf(...args).steps.map(({ what, at: time }) => `${what} ${time.slice(17)}`);

test("seen, decided, sent, accepted; without what is not known", () => {
  const trail = { observed: at(5), firstAttempt: at(12) };
  assert.deepEqual(steps(ended, trail, undefined), [
    "seen 00.005Z",
    "decided 00.009Z",
    "sent 00.012Z",
    "accepted 00.050Z",
  ]);
  const unknown = { observed: undefined, firstAttempt: undefined };
  assert.deepEqual(steps(ended, unknown, undefined), ["seen 00.007Z", "decided 00.009Z", "accepted 00.050Z"]);
  const pending = { ...ended, state: "pending", endedWall: undefined } as const;
  assert.deepEqual(steps(pending, trail, undefined), ["seen 00.005Z", "decided 00.009Z", "sent 00.012Z"]);
  assert.equal(incidentOf(pending, trail, undefined).outcome, "waiting to be sent");
});

test("the times of what ended are kept for the last twenty, of what is pending for all", () => {
  const trails = new Trails();
  for (let index = 0; index < 30; index += 1) {
    trails.observed(`${index}`, at(index));
    trails.attempted(`${index}`, at(index + 1));
    trails.attempted(`${index}`, at(index + 2));
  }
  assert.equal(trails.get("7").firstAttempt?.mono, 1008);
  for (let index = 0; index < 25; index += 1) {
    trails.ended(`${index}`);
    trails.ended(`${index}`);
  }
  assert.deepEqual(
    [4, 5, 29].map((index) => trails.get(`${index}`).observed?.mono),
    [undefined, 1005, 1029],
  );
});

test("what Masakari does is read until it is done, and a failure to read it is shown", async () => {
  const clock = new VirtualClock();
  const stored = { status: "running", updated_at: "2026-11-28T00:00:01.000000" };
  let requests = 0;
  let fails = false;
  const getNotification = () => {
    requests += 1;
    return fails ? Promise.reject(new Error("no route to host")) : Promise.resolve(stored as never);
  };
  const progress = new MasakariProgress(() => ({ getNotification }), clock);
  const after = async (ms: number) => {
    await clock.advance(ms);
    progress.of("u");
    await settle();
    return progress.of("u");
  };
  assert.equal((await after(0))?.status, "running");
  await after(1000);
  assert.equal(requests, 1);
  fails = true;
  assert.deepEqual(await after(3000), {
    status: "running",
    at: "2026-11-28T00:00:01.000000",
    problem: "no route to host",
  });
  fails = false;
  stored.status = "finished";
  assert.equal((await after(3000))?.status, "finished");
  await after(60_000);
  assert.equal(requests, 3);
});
