import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Certificates } from "../../../support/certificates.ts";
import { runToEnd } from "../../../support/child.ts";
import { callMasakari, passwordLogin } from "../../../support/control-plane.ts";
import { registerHost } from "../../../support/control-plane-hosts.ts";
import { openrcValue, startControlPlaneProcess } from "../../../support/control-plane-process.ts";
import { eventually } from "../../../support/eventually.ts";
import { freePort } from "../../../support/ports.ts";
import { rawRequest } from "../../../support/raw-request.ts";

const main = fileURLToPath(new URL("../../../../src/cli/monitors-main.ts", import.meta.url));

function newDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "control-plane-service-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Where a control plane that has printed its addresses is, and a token of its administrator. */
async function enter(stateDir: string, output: string) {
  const [keystoneUrl = "", masakariUrl = ""] = output.match(/https?:\S+/g) ?? [];
  const body = JSON.stringify(passwordLogin("admin", openrcValue(stateDir, "OS_PASSWORD"), "service"));
  const { headers } = await rawRequest(
    `${keystoneUrl}/auth/tokens`,
    "POST",
    { "content-type": "application/json" },
    body,
  );
  const cloud = {
    ...{ keystoneUrl, masakariUrl },
    recordRecovery: () => undefined,
    renewTls: () => undefined,
    reload: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { cloud, token: String(headers["x-subject-token"]) };
}

/** Notifications one after the other, each of another process, until the API is gone. @returns those that it has accepted */
async function notifyUntilGone(
  { cloud, token }: Awaited<ReturnType<typeof enter>>,
  onAccepted: (count: number) => void,
) {
  const accepted: string[] = [];
  try {
    for (let number = 0; ; number += 1) {
      const payload = { event: "STOPPED", process_name: `p${number}` };
      const notification = { type: "PROCESS", hostname: "h1", generated_time: "2026-11-23T12:00:00", payload };
      const { status, body } = await callMasakari(cloud, token, "POST", "/notifications", { notification });
      assert.equal(status, 202, body);
      accepted.push(
        (JSON.parse(body) as { notification: { notification_uuid: string } }).notification.notification_uuid,
      );
      onAccepted(accepted.length);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return accepted;
  }
}

describe("a control plane that serves a site", () => {
  test("speaks TLS, and takes over a new certificate and password on SIGHUP", async (context) => {
    const directory = newDirectory(context);
    using certificates = new Certificates();
    const { cert, key } = certificates.issue("first", "IP:127.0.0.1");
    const passwordFile = join(directory, "password");
    writeFileSync(passwordFile, "one\n");
    const stateDir = join(directory, "state");
    const tls = ["--tls-cert", cert, "--tls-key", key, "--password-file", passwordFile];
    const running = await startControlPlaneProcess(context, stateDir, tls);
    const url = openrcValue(stateDir, "OS_AUTH_URL");
    assert.match(url, /^https:/);
    const ca = readFileSync(certificates.ca, "utf8");
    const logIn = (password: string) =>
      new Promise<{ status: number | undefined; serial: string }>((resolve, reject) => {
        const sent = request(
          `${url}/auth/tokens`,
          { method: "POST", ca, agent: false, headers: { "content-type": "application/json" } },
          (answer) => {
            answer.resume();
            const socket = answer.socket as import("node:tls").TLSSocket;
            resolve({ status: answer.statusCode, serial: socket.getPeerCertificate().serialNumber });
          },
        );
        sent.on("error", reject);
        sent.end(JSON.stringify(passwordLogin("admin", password, "service")));
      });
    const before = await logIn("one");
    assert.equal(before.status, 201);
    const second = certificates.issue("second", "IP:127.0.0.1");
    copyFileSync(second.cert, cert);
    copyFileSync(second.key, key);
    writeFileSync(passwordFile, "two\n");
    running.signal("SIGHUP");
    await eventually("the new certificate", 60_000, () => (/SIGHUP: read/.test(running.output()) ? true : undefined));
    const after = await logIn("two");
    assert.equal(after.status, 201);
    assert.notEqual(after.serial, before.serial);
    assert.equal((await logIn("one")).status, 401);
    writeFileSync(key, "no key\n");
    running.signal("SIGHUP");
    await eventually("the refusal", 60_000, () => (/key cannot be used: /.test(running.output()) ? true : undefined));
    assert.equal((await logIn("two")).status, 201);
    const third = certificates.issue("third", "IP:127.0.0.1");
    copyFileSync(third.cert, cert);
    copyFileSync(third.key, key);
    // Without a signal, as certbot leaves it without a hook.
    await eventually("the renewed certificate", 60_000, async () => {
      const { serial } = await logIn("two");
      return serial === after.serial ? undefined : true;
    });
    assert.equal(await running.stop(), 0);
  });

  test("listens beyond loopback only when it is plain how clients reach it safely", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const urls = [
      "--keystone-url",
      "https://ha.example.org/identity/v3",
      "--masakari-url",
      "https://ha.example.org/ha/v1",
    ];
    const refused: [args: string[], why: RegExp][] = [
      [["--listen", "0.0.0.0", ...urls], /does not listen on 0\.0\.0\.0 without TLS/],
      [["--listen", "0.0.0.0", "--plain-http"], /give --keystone-url and --masakari-url/],
      [["--tls-cert", "x"], /give --tls-cert and --tls-key/],
      [["--tls-cert", "/none", "--tls-key", "/none"], /cannot use the certificate or its key/],
    ];
    for (const [args, why] of refused) {
      const failed = await startControlPlaneProcess(context, stateDir, args);
      assert.equal((await failed.exited)[0], 1);
      assert.match(failed.output(), why);
    }
    const running = await startControlPlaneProcess(context, stateDir, ["--listen", "0.0.0.0", "--plain-http", ...urls]);
    assert.equal(openrcValue(stateDir, "OS_AUTH_URL"), "https://ha.example.org/identity/v3");
    assert.equal(await running.stop(), 0);
  });

  test("is backed up while it writes; the copy starts as it was", async (context) => {
    const directory = newDirectory(context);
    const stateDir = join(directory, "state");
    const running = await startControlPlaneProcess(context, stateDir);
    const entered = await enter(stateDir, running.output());
    await registerHost(entered.cloud, entered.token, "h1");
    const copy = join(directory, "copy.sqlite");
    const args = [
      "--disable-warning=ExperimentalWarning",
      main,
      "control-plane",
      "backup",
      "--state-dir",
      stateDir,
      copy,
    ];
    let before = 0;
    let backup: Promise<unknown> | undefined;
    const notifying = notifyUntilGone(entered, (count) => {
      if (count === 5) {
        before = count;
        backup = runToEnd(process.execPath, args).finally(() => running.signal("SIGKILL"));
      }
    });
    const accepted = await notifying;
    await backup;
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    const restored = join(directory, "restored");
    mkdirSync(restored, { mode: 0o700 });
    copyFileSync(copy, join(restored, "control-plane.sqlite"));
    copyFileSync(join(stateDir, "openrc"), join(restored, "openrc"));
    const second = await startControlPlaneProcess(context, restored);
    const { cloud, token } = await enter(restored, second.output());
    const { body } = await callMasakari(cloud, token, "GET", "/notifications");
    const count = (JSON.parse(body) as { notifications: unknown[] }).notifications.length;
    assert.ok(count >= before && count <= accepted.length + 1, `${count} of ${accepted.length}`);
    assert.equal(await second.stop(), 0);
  });

  test("has no database: a backup says so and leaves nothing behind", async (context) => {
    const directory = newDirectory(context);
    const args = ["--disable-warning=ExperimentalWarning", main, "control-plane", "backup", join(directory, "copy")];
    await assert.rejects(
      runToEnd(process.execPath, [...args, "--state-dir", join(directory, "none")]),
      /there is no database/,
    );
  });

  test("a backup onto the database itself, by whatever name, is refused: what is written later would be lost", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const first = await startControlPlaneProcess(context, stateDir);
    const database = join(stateDir, "control-plane.sqlite");
    const { ino } = statSync(database);
    const link = join(stateDir, "link");
    symlinkSync(database, link);
    const args = ["--disable-warning=ExperimentalWarning", main, "control-plane", "backup", "--state-dir", stateDir];
    for (const target of [database, link, `${database}-wal`]) {
      await assert.rejects(runToEnd(process.execPath, [...args, target]), /is the database itself; name another file/);
    }
    assert.equal(statSync(database).ino, ino);
    assert.equal(await first.stop(), 0);
  });

  test("killed while it writes, it has all that it has accepted", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const first = await startControlPlaneProcess(context, stateDir);
    const entered = await enter(stateDir, first.output());
    await registerHost(entered.cloud, entered.token, "h1");
    const accepted = await notifyUntilGone(entered, (count) => {
      if (count === 30) first.signal("SIGKILL");
    });
    const second = await startControlPlaneProcess(context, stateDir);
    const { cloud, token } = await enter(stateDir, second.output());
    for (const uuid of accepted) {
      assert.equal((await callMasakari(cloud, token, "GET", `/notifications/${uuid}`)).status, 200);
    }
    assert.equal(await second.stop(), 0);
  });

  test("counts its requests and notifications for Prometheus", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const port = await freePort();
    const running = await startControlPlaneProcess(context, stateDir, ["--metrics-port", String(port)]);
    const entered = await enter(stateDir, running.output());
    await callMasakari(entered.cloud, entered.token, "GET", "/segments");
    const text = await eventually("the metrics", 60_000, async () => {
      const { body } = await rawRequest(`http://127.0.0.1:${port}/metrics`, "GET");
      return /service="masakari"/.test(body) ? body : undefined;
    });
    assert.match(text, /^masakari_control_plane_requests_total\{service="masakari",method="GET",status="200"\} 1$/m);
    assert.match(text, /^masakari_control_plane_requests_total\{service="keystone",method="POST",status="201"\} 1$/m);
    assert.match(text, /^masakari_control_plane_request_duration_seconds_count\{service="masakari"\} 1$/m);
    assert.equal(await running.stop(), 0);
  });
});
