import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { serveHealth } from "../../../src/status/server.ts";
import { healthSocket } from "../../../src/status/socket-path.ts";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { hungDisk } from "../../support/hung-disk.ts";
import { KeptLog } from "../../support/kept-log.ts";

const program = fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url));
/** Each look has 2 s, `list` 5 s, and a busy machine may take long to start a command: without a limit they never end. */
const IN_TIME = 300_000;

/** A host whose state_path is on a disk that hangs. @returns what runs a command there */
function host(t: TestContext, statePath: string) {
  const directory = mkdtempSync(join(tmpdir(), "masakari-hung-host-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const list = join(directory, "list.yaml");
  writeFileSync(list, "- process_name: web\n");
  const conf = join(directory, "x.conf");
  writeFileSync(conf, `[DEFAULT]\nstate_path = ${statePath}\n[process]\nprocess_list_path = ${list}\n`);
  const run = async (argv: readonly string[]) => {
    const child = new Child(program, [...argv, "--config-file", conf], { env: { XDG_STATE_HOME: directory } });
    const killed = setTimeout(() => child.signal("SIGKILL"), IN_TIME);
    const { code } = await child.exited;
    clearTimeout(killed);
    return { code, output: child.output };
  };
  return { directory, run };
}

const COMMANDS = [
  [["status", "--probe", "live"], 1],
  [["status", "--probe", "ready", "processmonitor"], 1],
  [["status"], 2],
  [["status", "processmonitor"], 2],
  [["armed", "processmonitor"], 2],
  [["list", "processmonitor"], 2],
  [["outbox"], 1],
  [["forget", "processmonitor"], 1],
  [["explain", "web"], 1],
  [["recording", "/nonexistent/x"], 1],
  [["pause", "web", "--for", "1h", "--reason", "x"], 1],
  [["disarm", "--reason", "x"], 1],
] as const;

test("where the disk of the state hangs a command ends, with that as its reason", {
  concurrency: true,
  timeout: 900_000,
}, async (t) => {
  const ended = COMMANDS.map(([command, expected]) =>
    t.test(command.join(" "), async (one) => {
      const statePath = hungDisk(one);
      if (statePath === undefined) return;
      const { code, output } = await host(one, statePath).run(command);
      assert.match(output, /has not responded within|no response within 200 ms/);
      assert.doesNotMatch(output, /no monitor has run/);
      assert.equal(code, expected);
    }),
  );
  await Promise.all(ended);
});

test("a monitor that has its socket elsewhere meanwhile is live, armed, and lists its outbox", {
  timeout: 900_000,
}, async (t) => {
  const statePath = hungDisk(t);
  if (statePath === undefined) return;
  const { directory, run } = host(t, statePath);
  const name = createHash("sha256").update(statePath).digest("hex").slice(0, 8);
  const place = join(directory, `masakarimonitors-${name}`);
  mkdirSync(place);
  const respond = (body: object) => ({ method: "GET", handle: () => ({ status: 200, body }) }) as const;
  const armed = { state: "armed", reason: null, since: "2026-11-29T00:00:00.000Z", seconds: 1 };
  const routes = { "/live": respond({ ok: true }), "/armed": respond(armed), "/outbox": respond({ entries: [] }) };
  const { promise: listening, resolve: onListening } = Promise.withResolvers<void>();
  const stop = new AbortController();
  const path = healthSocket(place, "processmonitor");
  const serving = serveHealth({ path, routes, log: new KeptLog(), onListening }, stop.signal);
  t.after(async () => {
    stop.abort();
    await serving;
  });
  await listening;
  // A probe has 200 ms, and a busy machine may need more.
  for (const named of [["processmonitor"], []]) {
    await eventually(`live ${named.join()}`, IN_TIME, async () => {
      const { code } = await run(["status", "--probe", "live", ...named]);
      return code === 0 || undefined;
    });
  }
  const shown = await run(["armed"]);
  assert.match(shown.output, /^processmonitor +armed /m);
  assert.equal(shown.code, 0);
  const outbox = await run(["outbox"]);
  assert.match(outbox.output, /nothing to list/);
  assert.equal(outbox.code, 0);
});
