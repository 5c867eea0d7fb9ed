import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { requestHealth } from "../../../src/status/client.ts";
import { type Report, reportOn } from "../../../src/status/report.ts";
import { healthRoute } from "../../../src/status/routes.ts";
import { serveHealth } from "../../../src/status/server.ts";
import { eventually } from "../../support/eventually.ts";
import { type ChangedFacts, factsWith, NOW } from "../../support/health-facts.ts";
import { KeptLog } from "../../support/kept-log.ts";

const LONG_ENOUGH = 20_000;

function reportWith(changes: ChangedFacts): Report {
  const now = { wall: 0, mono: NOW };
  const identity = { program: "processmonitor", version: "1", pid: 1, hostname: "compute1", started: now };
  return reportOn(identity, factsWith(changes), now);
}

function directory(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "health-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function serving(context: TestContext, path: string, report: () => Report = () => reportWith({})) {
  const log = new KeptLog();
  const controller = new AbortController();
  const ended = serveHealth({ path, routes: healthRoute(report), log }, controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  context.after(stop);
  return { log, stop, ended };
}

async function listening(path: string): Promise<void> {
  await eventually("a response", 60_000, async () => {
    const { kind } = await requestHealth(path, LONG_ENOUGH);
    return kind === "responded" || undefined;
  });
}

async function statusOf(socketPath: string, path: string, method = "GET"): Promise<number | undefined> {
  const request = get({ socketPath, path, method, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function textOf(socketPath: string, path: string) {
  const request = get({ socketPath, path, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const parts = await response.toArray();
  return { status: response.statusCode, type: response.headers["content-type"], text: Buffer.concat(parts).toString() };
}

test("health is served to the owner only: 200 unless it is failing, and the socket goes with the program", async (t) => {
  const path = join(directory(t), "p.sock");
  let changes: ChangedFacts = {};
  const { stop, log } = serving(t, path, () => reportWith(changes));
  await listening(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);

  assert.equal(await statusOf(path, "/health"), 200);
  changes = { outbox: { login: { reason: "wrong password", since: NOW } } };
  assert.equal(await statusOf(path, "/health?verbose"), 200);
  assert.deepEqual(await requestHealth(path, LONG_ENOUGH), { kind: "responded", report: reportWith(changes) });
  changes = { loop: { sensingSince: undefined, lastFailure: { reason: "no /proc", since: NOW } } };
  assert.equal(await statusOf(path, "/health"), 503);
  assert.equal(await statusOf(path, "/"), 404);
  assert.equal(await statusOf(path, "/health", "DELETE"), 405);

  await stop();
  assert.equal(existsSync(path), false);
  assert.deepEqual(await requestHealth(path, LONG_ENOUGH), { kind: "not running" });
  assert.deepEqual(log.lines, []);
});

test("a route is one entry of a record: its text is sent as it is, and an unknown path lists what there is", async (t) => {
  const path = join(directory(t), "p.sock");
  const controller = new AbortController();
  const metrics = { status: 200, body: "up 1\n", contentType: "text/plain; version=0.0.4" };
  const routes = { "/metrics": { method: "GET", handle: () => metrics } } as const;
  const listening = Promise.withResolvers<void>();
  const parts = { path, routes, log: new KeptLog(), onListening: listening.resolve };
  const ended = serveHealth(parts, controller.signal);
  t.after(async () => {
    controller.abort();
    await ended;
  });
  await listening.promise;
  const found = await textOf(path, "/metrics");
  assert.deepEqual(found, { status: 200, type: metrics.contentType, text: "up 1\n" });
  assert.match((await textOf(path, "/armed")).text, /no such path; there are \/metrics/);
  assert.equal((await textOf(path, "/toString")).status, 404);
});

test("a report that cannot be made is a response and a line, not the end", async (t) => {
  const path = join(directory(t), "p.sock");
  let broken = false;
  const { log } = serving(t, path, () => {
    if (broken) throw new Error("undecidable");
    return reportWith({});
  });
  await listening(path);
  broken = true;
  assert.equal(await statusOf(path, "/health"), 500);
  assert.match(log.lines.join(), /error Defect in serving \/health .*undecidable/s);
});

test("the socket of a program that was killed is replaced", async (t) => {
  const path = join(directory(t), "p.sock");
  const listenAndDie = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", listenAndDie]);
  assert.equal(existsSync(path), true);
  const { log } = serving(t, path);
  await listening(path);
  assert.deepEqual(log.lines, []);
});

test("a socket that somebody listens on stays theirs, although they send nothing", async (t) => {
  const path = join(directory(t), "p.sock");
  const other = createServer().listen(path);
  await once(other, "listening");
  const { log, ended } = serving(t, path);
  await ended;
  assert.match(log.lines.join(), /^warning .*p\.sock.*another program listens on it/);
  assert.equal(existsSync(path), true);
  other.close();
});

for (const [what, prepare, reason] of [
  ["a file in its place", (path: string) => writeFileSync(path, "mine"), /not a socket has this path/],
  ["a directory that is not there", (path: string) => rmSync(join(path, ".."), { recursive: true }), /EACCES|ENOENT/],
] as const) {
  test(`${what} is a line in the log, and nothing more`, async (t) => {
    const path = join(directory(t), "p.sock");
    prepare(path);
    const { log, ended } = serving(t, path);
    await ended;
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0] ?? "", reason);
    assert.match(log.lines[0] ?? "", /^warning/);
  });
}

test("a path that no socket can have is a line in the log, and a response with that", async (t) => {
  const deep = join(directory(t), "x".repeat(100));
  mkdirSync(deep);
  const { log, ended } = serving(t, join(deep, "p.sock"));
  await ended;
  assert.match(log.lines.join(), /too long for a socket; set a shorter \[DEFAULT\] state_path/);
  const outcome = await requestHealth(join(deep, "p.sock"), LONG_ENOUGH);
  assert.match(outcome.kind === "no response" ? outcome.reason : "", /too long/);
});

/** Clients that begin to ask, and go no further. */
async function hesitating(path: string, count: number): Promise<Socket[]> {
  const clients = Array.from({ length: count }, () => createConnection(path).on("error", () => undefined));
  await Promise.all(clients.map((client) => once(client, "connect")));
  for (const client of clients) client.write("GET /health HTTP/1.1\r\n");
  return clients;
}

const closed = (client: Socket): Promise<unknown> => (client.destroyed ? Promise.resolve() : once(client, "close"));

test("clients that do not finish asking keep neither others from asking nor the program from stopping", async (t) => {
  const path = join(directory(t), "p.sock");
  const { stop } = serving(t, path);
  await listening(path);
  const clients = await hesitating(path, 5);
  assert.equal(await statusOf(path, "/health"), 200);
  await stop();
  await Promise.all(clients.map(closed));
});

test("there is a limit to them, and to their time", async (t) => {
  const path = join(directory(t), "p.sock");
  serving(t, path);
  await listening(path);
  const clients = await hesitating(path, 16);
  assert.equal((await requestHealth(path, LONG_ENOUGH)).kind, "no response");
  await Promise.all(clients.map(closed));
  assert.equal(await statusOf(path, "/health"), 200);
});

test("a report of another release is accepted: members that it lacks are optional, those that it has beside them are kept", async (t) => {
  const path = join(directory(t), "p.sock");
  const report = { program: "p", verdict: "ok", problems: [], outbox: { pending: 0, later: 1 }, armed: true };
  const other = createServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${JSON.stringify(report)}`)).listen(path);
  t.after(() => other.close());
  await once(other, "listening");
  assert.deepEqual(await requestHealth(path, LONG_ENOUGH), { kind: "responded", report });
});

test("a listener that does not respond, or responds with something else, is not taken for a program that does not run", async (t) => {
  const path = join(directory(t), "p.sock");
  let greeting: string | undefined;
  const sockets = new Set<Socket>();
  const other = createServer((socket) => {
    sockets.add(socket);
    if (greeting !== undefined) socket.end(greeting);
  }).listen(path);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    other.close();
  });
  await once(other, "listening");
  assert.deepEqual(await requestHealth(path, 50), { kind: "no response", reason: "nothing within 0.05 s" });
  for (const text of [
    "",
    "HTTP/1.1 200 OK\r\n\r\n<html>",
    'HTTP/1.1 200 OK\r\n\r\n{"verdict":"great"}',
    'HTTP/1.1 200 OK\r\n\r\n{"program":"p","verdict":"ok","problems":[null],"outbox":{"pending":0}}',
    "SSH-2.0\r\n",
  ]) {
    greeting = text;
    assert.equal((await requestHealth(path, LONG_ENOUGH)).kind, "no response", text);
  }
});

test("a body that JSON cannot take is a response and a line, not the end", async (t) => {
  const path = join(directory(t), "x.sock");
  const { log } = serving(t, path, () => ({ ...reportWith({}), circle: 1n }) as never);
  await eventually("the socket", 60_000, () => Promise.resolve(existsSync(path) || undefined));
  assert.equal(await statusOf(path, "/health"), 500);
  assert.equal(await statusOf(path, "/health"), 500);
  assert.match(
    log.lines[0] ?? "",
    /Defect in serving \/health on the health socket: TypeError: Do not know how to serialize/,
  );
});
