import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { requestHealth } from "../../../src/status/client.ts";
import { HealthSocket } from "../../../src/status/health-socket.ts";
import { reportOn } from "../../../src/status/report.ts";
import { healthRoute } from "../../../src/status/routes.ts";
import { factsWith, NOW } from "../../support/health-facts.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { unreadable } from "../../support/unreadable-directory.ts";

const LONG_ENOUGH = 20_000;

async function started(t: TestContext) {
  const above = mkdtempSync(join(tmpdir(), "health-socket-"));
  const directory = join(above, "state");
  mkdirSync(directory);
  const path = join(directory, "health.sock");
  const ending = new AbortController();
  const now = { wall: 0, mono: NOW };
  const identity = { program: "processmonitor", version: "1", pid: 1, hostname: "compute1", started: now };
  const routes = healthRoute(() => reportOn(identity, factsWith({}), now));
  const socket = new HealthSocket({ path, routes, log: new KeptLog() }, ending.signal);
  await socket.start();
  t.after(async () => {
    ending.abort();
    await socket.ended();
    rmSync(above, { recursive: true, force: true });
  });
  const kind = async (): Promise<string> => (await requestHealth(path, LONG_ENOUGH)).kind;
  return { socket, directory, path, kind };
}

test("a health socket that was deleted is served again; one that is in its place is left alone", async (t) => {
  const { socket, path, kind } = await started(t);
  assert.equal(await socket.renew(), false);
  rmSync(path);
  assert.equal(await socket.renew(), true);
  assert.equal(await kind(), "responded");
});

test("a health socket on a disk that cannot be read is not taken down", async (t) => {
  const { socket, directory, path, kind } = await started(t);
  const restore = unreadable(directory);
  assert.equal(await socket.renew(), false);
  restore();
  assert.equal(existsSync(path), true);
  assert.equal(await kind(), "responded");
});
