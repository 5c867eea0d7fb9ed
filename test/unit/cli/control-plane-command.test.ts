import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { passwordLogin } from "../../support/control-plane.ts";
import { openrcValue, startControlPlaneProcess } from "../../support/control-plane-process.ts";
import { eventually } from "../../support/eventually.ts";
import { rawRequest } from "../../support/raw-request.ts";

function newDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "control-plane-command-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function loginStatus(stateDir: string, password: string): Promise<number> {
  const body = JSON.stringify(passwordLogin("admin", password, "service"));
  const url = `${openrcValue(stateDir, "OS_AUTH_URL")}/auth/tokens`;
  return (await rawRequest(url, "POST", { "content-type": "application/json" }, body)).status;
}

describe("masakari-monitors control-plane", () => {
  test("writes an openrc that logs in, keeps its password over restarts and never prints it", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const first = await startControlPlaneProcess(context, stateDir);
    assert.equal(statSync(join(stateDir, "openrc")).mode & 0o777, 0o600);
    const password = openrcValue(stateDir, "OS_PASSWORD");
    assert.ok(password.length >= 24);
    assert.equal(await loginStatus(stateDir, password), 201);
    assert.equal(await first.stop(), 0);
    const second = await startControlPlaneProcess(context, stateDir);
    assert.equal(openrcValue(stateDir, "OS_PASSWORD"), password);
    assert.equal(await loginStatus(stateDir, password), 201);
    assert.equal(await second.stop(), 0);
    assert.equal((first.output() + second.output()).includes(password), false);
  });

  test("takes the password from a file or the environment, whatever characters are in it", async (context) => {
    const directory = newDirectory(context);
    const stateDir = join(directory, "state");
    const password = `it's "so" $HOME \\ é`;
    writeFileSync(join(directory, "password"), `${password}\n`);
    const fromFile = await startControlPlaneProcess(context, stateDir, [
      "--password-file",
      join(directory, "password"),
    ]);
    assert.equal(await loginStatus(stateDir, password), 201);
    await fromFile.stop();
    const fromOpenrc = await startControlPlaneProcess(context, stateDir);
    assert.equal(await loginStatus(stateDir, password), 201);
    await fromOpenrc.stop();
    const fromEnvironment = await startControlPlaneProcess(context, stateDir, [], {
      MASAKARI_CONTROL_PLANE_PASSWORD: "other",
    });
    assert.deepEqual([await loginStatus(stateDir, password), await loginStatus(stateDir, "other")], [401, 201]);
    await fromEnvironment.stop();
  });

  test("prints in one line what keeps it from starting", async (context) => {
    const directory = newDirectory(context);
    const missing = join(directory, "missing");
    const failed = await startControlPlaneProcess(context, directory, ["--password-file", missing]);
    assert.equal((await failed.exited)[0], 1);
    assert.match(
      failed.output(),
      /^masakari-monitors control-plane: cannot read the password: .*missing does not exist\n$/,
    );
    const nasty = await startControlPlaneProcess(context, directory, [
      "--password-file",
      join(directory, "\u001b[2J\u202e\nERROR x"),
    ]);
    assert.equal((await nasty.exited)[0], 1);
    assert.match(nasty.output(), /^masakari-monitors control-plane: .*\\x1b\[2J\\u202e\\x0aERROR x does not exist\n$/);
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const file of [pipe, "/dev/zero"]) {
      const password = await startControlPlaneProcess(context, directory, ["--password-file", file]);
      assert.equal((await password.exited)[0], 1);
      const tls = await startControlPlaneProcess(context, directory, ["--tls-cert", file, "--tls-key", file]);
      assert.equal((await tls.exited)[0], 1);
      for (const { output } of [password, tls]) assert.match(output(), /is not a regular file|is larger than/);
    }
  });

  test("logs what cannot be read at SIGHUP in one line that moves no cursor", async (context) => {
    const directory = newDirectory(context);
    const passwordFile = join(directory, "\u001b[2J\nERROR x");
    writeFileSync(passwordFile, "one\n");
    const running = await startControlPlaneProcess(context, join(directory, "state"), [
      "--password-file",
      passwordFile,
    ]);
    rmSync(passwordFile);
    running.signal("SIGHUP");
    await eventually("the line", 60_000, () => /keeping the previous password/.test(running.output()) || undefined);
    assert.match(
      running.output(),
      /^\S+ ERROR SIGHUP: cannot read the password: .*\\x1b\[2J\\x0aERROR x does not exist; keeping/m,
    );
    assert.equal(await running.stop(), 0);
  });

  test("a second one on the same state directory ends, names the first and changes nothing", async (context) => {
    const stateDir = join(newDirectory(context), "state");
    const first = await startControlPlaneProcess(context, stateDir);
    const openrc = readFileSync(join(stateDir, "openrc"), "utf8");
    const second = await startControlPlaneProcess(context, stateDir, [], { MASAKARI_CONTROL_PLANE_PASSWORD: "other" });
    assert.equal((await second.exited)[0], 1);
    assert.match(second.output(), new RegExp(`${stateDir} is in use: pid ${first.pid} runs a control plane there`));
    assert.equal(readFileSync(join(stateDir, "openrc"), "utf8"), openrc);
    assert.equal(await loginStatus(stateDir, openrcValue(stateDir, "OS_PASSWORD")), 201);
    assert.equal(await first.stop(), 0);
    assert.deepEqual(
      readdirSync(stateDir).filter((name) => /openrc/.test(name)),
      ["openrc"],
    );
  });

  test("what another user could have prepared is refused before anything is read or written", async (context) => {
    const directory = newDirectory(context);
    const target = join(directory, "target");
    writeFileSync(target, "precious\n");
    const traps: Record<string, (stateDir: string) => void> = {
      "can be written by others": (stateDir) => {
        writeFileSync(join(stateDir, "openrc"), "export OS_PASSWORD='chosen by another'\n");
        chmodSync(stateDir, 0o777);
      },
      "cannot open the control plane's database": (stateDir) =>
        symlinkSync(target, join(stateDir, "control-plane.sqlite")),
      "cannot read the password": (stateDir) => symlinkSync(target, join(stateDir, "openrc")),
    };
    for (const [message, set] of Object.entries(traps)) {
      const stateDir = mkdtempSync(join(directory, "state-"));
      set(stateDir);
      const failed = await startControlPlaneProcess(context, stateDir);
      assert.equal((await failed.exited)[0], 1);
      assert.match(failed.output(), new RegExp(message));
      assert.equal(failed.output().trimEnd().split("\n").length, 1, "one line");
      assert.equal(readFileSync(target, "utf8"), "precious\n");
      assert.equal(statSync(target).mode & 0o777, 0o644);
    }
  });
});
