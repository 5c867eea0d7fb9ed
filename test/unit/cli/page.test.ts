import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pageOf } from "../../../src/cli/page.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { monitorOverview } from "../../support/page-overview.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

test("while the disk of the sockets hangs, the page touches nothing on it and has what this process has", async (t) => {
  const statePath = mkdtempSync(join(tmpdir(), "page-"));
  t.after(() => rmSync(statePath, { recursive: true }));
  let connections = 0;
  const other = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => other.listen(join(statePath, "hostmonitor.sock"), resolve));
  t.after(() => other.close());
  const config = defaultConfig();
  const clock = new VirtualClock();
  let isHung = false;
  const routes = await pageOf({
    config: {
      ...config,
      DEFAULT: { ...config.DEFAULT, state_path: statePath },
      page: { ...config.page, enabled: true },
    },
    statePath,
    served: [
      { name: "processmonitor", routes: {}, metrics: () => assert.fail(), overview: async () => monitorOverview() },
    ],
    segmentHosts: { known: new Map() },
    diskResponds: () => Promise.resolve(!isHung),
  })?.({
    clock,
    command: "masakari-processmonitor",
    address: "127.0.0.1",
    port: 1,
    isSecure: false,
    login: () => undefined,
    log: new KeptLog(),
  });
  const shown = async () => {
    await clock.advance(2000);
    const response = await routes?.["/host.json"]?.handle({
      query: undefined,
      host: "localhost",
      body: async () => undefined,
    });
    return JSON.stringify(response?.body);
  };

  assert.match(await shown(), /"silent","monitor":"hostmonitor"/);
  assert.equal(connections, 1);
  isHung = true;
  rmSync(join(statePath, "hostmonitor.sock"));
  const hung = await shown();
  assert.match(
    hung,
    /"monitor":"hostmonitor","problem":"no response: not asked, because the disk of its socket hangs"/,
  );
  assert.match(hung, /"overview","monitor":"processmonitor"/);
  assert.equal(connections, 1);
});

test("a directory that cannot be read any more hides only its own monitors, with one line in the log", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [statePath, fallback] = [join(folder, "state"), join(folder, "fallback")];
  for (const path of [statePath, fallback]) mkdirSync(path);
  writeFileSync(join(statePath, "hostmonitor.sqlite"), "");
  for (let index = 0; index < 30; index++) writeFileSync(join(statePath, `a${index}.sqlite`), "");
  const before = process.env.STATE_DIRECTORY;
  process.env.STATE_DIRECTORY = fallback;
  t.after(() => {
    if (before === undefined) delete process.env.STATE_DIRECTORY;
    else process.env.STATE_DIRECTORY = before;
  });
  const config = defaultConfig();
  const clock = new VirtualClock();
  const log = new KeptLog();
  const page = { ...config.page, enabled: true };
  const routes = await pageOf({
    config: { ...config, DEFAULT: { ...config.DEFAULT, state_path: statePath }, page },
    statePath,
    served: [],
    segmentHosts: { known: new Map() },
    diskResponds: () => Promise.resolve(true),
  })?.({ clock, command: "x", address: "127.0.0.1", port: 1, isSecure: false, login: () => undefined, log });
  rmSync(fallback, { recursive: true });
  writeFileSync(fallback, "a file");
  for (let look = 0; look < 2; look++) {
    await clock.advance(2000);
    const response = await routes?.["/host.json"]?.handle({
      query: undefined,
      host: "localhost",
      body: async () => undefined,
    });
    assert.ok(response);
    const { monitors } = response.body as { readonly monitors: readonly { readonly monitor: string }[] };
    assert.equal(monitors.length, 20);
    assert.ok(monitors.some(({ monitor }) => monitor === "hostmonitor"));
  }
  assert.equal(log.lines.length, 1);
  assert.match(
    log.lines[0] ?? "",
    /^warning The page lacks the monitors of other processes: .*fallback .* cannot be read/,
  );
});
