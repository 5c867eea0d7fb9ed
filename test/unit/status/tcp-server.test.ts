import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { exportMetrics } from "../../../src/cli/metrics.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { TcpEntrance } from "../../../src/status/tcp-login.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { Certificates } from "../../support/certificates.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { metricSource } from "../../support/metric-source.ts";
import { freePort } from "../../support/ports.ts";

type Options = ReturnType<typeof defaultConfig>["metrics"];

async function serving(t: TestContext, options: Partial<Options>, page?: Parameters<typeof exportMetrics>[0]["page"]) {
  const log = new KeptLog();
  const conditions = new Conditions(systemClock);
  const hangUps: (() => void)[] = [];
  const stop = new AbortController();
  const port = await freePort();
  const running = exportMetrics(
    {
      command: "masakari-processmonitor",
      programs: ["x"],
      options: { ...defaultConfig().metrics, port, ...options },
      sources: () => [metricSource()],
      conditions,
      onHangUp: (listener) => hangUps.push(listener),
      page,
      clock: systemClock,
      log,
    },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await running;
  });
  await eventually("a line", 60_000, () => Promise.resolve(log.lines.length > 0 || undefined));
  return {
    port,
    lines: log.lines.join("\n"),
    log,
    conditions,
    hangUp: () => {
      for (const listener of hangUps) listener();
    },
  };
}

const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });

test("with a login every path asks for it, and neither a log line nor a response has the password", async (t) => {
  using files = new Certificates();
  const file = files.write("password", "p:ä ss\nsecond line\n");
  const { port, lines } = await serving(t, { username: "ops", password_file: file });
  const url = `http://127.0.0.1:${port}/metrics`;
  for (const headers of [
    {},
    basic("ops:wrong"),
    basic("ops"),
    { Authorization: "Bearer x" },
    { Authorization: "Basic" },
  ]) {
    const response = await fetch(url, { headers });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Basic realm=/);
    assert.doesNotMatch(await response.text(), /ä/);
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/nothing`)).status, 401);
  assert.equal((await fetch(url, { headers: basic("ops:p:ä ss") })).status, 200);
  assert.doesNotMatch(lines, /ä/);
});

test("files of the login and of TLS that are named pipes leave the port closed, and hold nothing up", async (t) => {
  using files = new Certificates();
  const pipe = join(files.write("password", ""), "../pipe");
  execFileSync("mkfifo", [pipe]);
  const login = await serving(t, { username: "ops", password_file: pipe });
  assert.match(
    login.lines,
    /^error Metrics are not served on port \d+: \[metrics\] password_file: .* is not a regular file/,
  );
  const tls = await serving(t, { tls_cert_file: pipe });
  assert.match(tls.lines, /\[metrics\] tls_cert_file: .* is not a regular file/);
});

for (const [what, options] of [
  ["a user name alone", { username: "ops" }],
  ["a password alone", { password: "secret" }],
  ["an empty password", { username: "ops", password: "" }],
  ["a password file that is not there", { username: "ops", password_file: "/nonexistent" }],
] as const) {
  test(`${what}: the port stays closed, with an error in the log`, async (t) => {
    const { port, lines } = await serving(t, options);
    assert.match(lines, /^error Metrics are not served on port \d+: \[metrics\]/);
    assert.doesNotMatch(lines, /secret/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));
  });
}

test("with a certificate the port speaks TLS and nothing else; files that cannot be used leave it closed", async (t) => {
  using files = new Certificates();
  const { cert, key } = files.issue("monitor", "IP:127.0.0.1");
  const { port } = await serving(t, { tls_cert_file: cert, tls_key_file: key });
  const ca = await import("node:fs").then(({ readFileSync }) => readFileSync(files.ca));
  const status = await new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/metrics", ca }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  assert.equal(status, 200);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));

  writeFileSync(key, "no key");
  const bad = await serving(t, { tls_cert_file: cert, tls_key_file: key });
  assert.match(bad.lines, /^warning Metrics cannot be served on https:/);
  const absent = await serving(t, { tls_cert_file: "/nonexistent" });
  assert.match(absent.lines, /\[metrics\] tls_cert_file: \/nonexistent does not exist/);
});

test("a login is its user name and its password, whole", () => {
  const login = { username: "ops", password: "a:b" };
  // Each for itself: none has to wait for the others.
  const isAllowed = (authorization: string | undefined) =>
    new TcpEntrance(login, () => 0, new KeptLog()).admit(authorization, "192.0.2.1") === "admitted";
  const header = (text: string) => basic(text).Authorization;
  assert.equal(isAllowed(header("ops:a:b")), true);
  assert.equal(isAllowed(header("ops:a:b").replace("Basic", "basic")), true);
  for (const wrong of [undefined, "", "Basic", header("ops:a"), header("ops:a:b "), header(":"), header("OPS:a:b")]) {
    assert.equal(isAllowed(wrong), false, wrong);
  }
});

test("a renewed certificate is used after SIGHUP, by those that connect from then on; a bad one is not, and status shows it", async (t) => {
  using files = new Certificates();
  const [first, second] = [files.issue("first", "IP:127.0.0.1"), files.issue("second", "IP:127.0.0.1")];
  const { cert, key } = { cert: files.write("live.pem", ""), key: files.write("live.key", "") };
  copyFileSync(first.cert, cert);
  copyFileSync(first.key, key);
  const { port, conditions, log, hangUp } = await serving(t, { tls_cert_file: cert, tls_key_file: key });
  const served = async (): Promise<string> => {
    const socket = connect({ host: "127.0.0.1", port, ca: readFileSync(files.ca) });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  };
  const problem = () => conditions.all.get("metrics certificate")?.problem;
  assert.deepEqual([await served(), problem()], ["first", undefined]);
  copyFileSync(second.cert, cert);
  hangUp();
  await eventually("the refusal of half a pair", 60_000, () => Promise.resolve(problem()));
  assert.match(
    problem() ?? "",
    /^\[metrics\] tls_cert_file, \[metrics\] tls_key_file: .* cannot be used: .*key values mismatch/,
  );
  assert.equal(await served(), "first");
  copyFileSync(second.key, key);
  hangUp();
  await eventually("the whole pair", 60_000, () => Promise.resolve(problem() === undefined || undefined));
  assert.equal(await served(), "second");
  assert.doesNotMatch(log.lines.join("\n"), /PRIVATE KEY/);
});

test("whatever keeps the page from being made is a line in the log and not the end of the program", async (t) => {
  const { lines } = await serving(t, {}, () => Promise.reject(new Error("no page")));
  assert.equal(lines, "error Metrics and the page are not served: no page");
});

test("a port that is taken names the page where there is one", async (t) => {
  const routes = { "/": { method: "GET", handle: () => ({ status: 200, body: "" }) } } as const;
  const { port } = await serving(t, {});
  const { lines } = await serving(t, { port }, async () => routes);
  assert.match(
    lines,
    /^warning Metrics and the page cannot be served on .* \(\[metrics\] address, port\): .*EADDRINUSE/,
  );
});

test("another password in the file counts from SIGHUP on; a file that has none leaves the one before, and status shows it", async (t) => {
  using files = new Certificates();
  const file = files.write("password", "one\n");
  let login: (() => { readonly password: string } | undefined) | undefined;
  const { port, hangUp, conditions } = await serving(t, { username: "ops", password_file: file }, (listener) => {
    login = listener.login;
    return Promise.resolve({});
  });
  const status = async (password: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: basic(`ops:${password}`) });
    return response.status;
  };
  const problem = () => conditions.all.get("metrics login")?.problem;
  writeFileSync(file, "two\n");
  assert.deepEqual([await status("one"), await status("two")], [200, 401]);
  hangUp();
  assert.deepEqual([await status("one"), await status("two"), login?.()?.password], [401, 200, "two"]);
  writeFileSync(file, "");
  hangUp();
  assert.match(problem() ?? "", /^\[metrics\] username and password \(or password_file\) have to be set both/);
  assert.deepEqual([await status(""), await status("two")], [401, 200]);
  writeFileSync(file, "three\n");
  hangUp();
  assert.deepEqual([problem(), await status("three")], [undefined, 200]);
});

test("who gives no login keeps no connection, so that no number of them keeps Prometheus out", async (t) => {
  const { port } = await serving(t, { username: "ops", password: "x" });
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  // As many as the port has connections.
  for (let count = 0; count < 64; count++) {
    const socket = createConnection({ host: "127.0.0.1", port });
    sockets.push(socket);
    socket.resume();
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "end");
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { headers: basic("ops:x") })).status, 200);
});

test("after five wrong passwords the port responds with 429 and when to try again, and the log has where from, once", async (t) => {
  const { port, log } = await serving(t, { username: "ops", password: "right" });
  const request = async (password: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${port}/metrics`, { headers: basic(`ops:${password}`) });
  const statuses: number[] = [];
  for (let count = 0; count < 7; count++) statuses.push((await request(`wrong ${count}`)).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
  const last = await request("right");
  assert.equal(last.status, 429);
  const seconds = Number(last.headers.get("retry-after"));
  assert.ok(seconds > 0 && seconds <= 60, `${seconds} s`);
  assert.match(await last.text(), /^too many failed logins from this address; try again in \d+ s\n$/);
  const lines = log.lines.filter((line) => line.includes("wrong logins"));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^warning Too many different wrong logins .* from 127\.0\.0\.1: it is refused for 60 s/);
  assert.doesNotMatch(log.lines.join(), /right\b(?! one)|wrong \d/);
});
