import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../../support/eventually.ts";

const launch = fileURLToPath(new URL("../../../bin/launch", import.meta.url));

/** The processes that have `text` in their command line or their environment: a monitor replaces its command line by its name. */
function processesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [command = "", environment = ""] = ["cmdline", "environ"].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " "),
        );
        return command.includes(text) || environment.includes(text) ? [`${pid} ${command.trim()}`] : [];
      } catch {
        return [];
      }
    });
}

/** A sandbox in a temporary directory of its own, by which what it started is known. */
function openSandbox(context: TestContext, ...args: string[]) {
  const temporary = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  const child = spawn("/bin/sh", [launch, "src/cli/sandbox.ts", ...args], {
    env: { ...process.env, TMPDIR: temporary, http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" },
  });
  context.after(() => {
    child.kill("SIGKILL");
    rmSync(temporary, { recursive: true, force: true, maxRetries: 20 });
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const shows = (pattern: RegExp) =>
    eventually(`${pattern} in the sandbox's output`, 200_000, () => pattern.test(output) || undefined).catch(
      (error) => {
        throw new Error(`${String(error)}\n${output}`);
      },
    );
  const nothingLeft = () =>
    eventually("no process and no file of the sandbox is left", 60_000, () => {
      assert.deepEqual([processesWith(temporary), readdirSync(temporary)], [[], []]);
      return true;
    });
  const isMonitor = (line: string): boolean => /^\d+ masakari-processmonitor$/.test(line);
  const started = () =>
    eventually("the monitor runs", 200_000, () => processesWith(temporary).some(isMonitor) || undefined);
  return { child, exited, shows, started, nothingLeft, output: () => output };
}

// On a busy machine its five processes take long to start.
describe("the sandbox", { timeout: 900_000 }, () => {
  test("obeys what is typed, reports what it does not know, keeps notifications, and ends with its input", async (context) => {
    const { child, exited, shows, nothingLeft, output } = openSandbox(context);
    await shows(/Try, by typing here/);
    child.stdin.write("dance\n");
    await shows(/no command "dance"; help lists/);
    child.stdin.write("kill\nstop\nstart web\nstart api\n");
    await shows(
      /kill what\? web, worker\n[\s\S]*stop what\? api\n[\s\S]*sandbox-web is running already[\s\S]*the API is running already/,
    );
    child.stdin.write("stop api\nkill worker\n");
    await shows(/broke the restart command[\s\S]*outbox +WARNING/);
    child.stdin.write("start api\n");
    await shows(/POST arrived: PROCESS .*sandbox-worker.*stored[\s\S]*returned 202/);
    child.stdin.write("masakari segment-create MyRack\nmasakari segment list -f value -c name\n");
    child.stdin.write("masakari notification-list\nmasakari host-show nobody\n");
    await shows(
      /^MyRack\nsimulated\nsandbox\n[\s\S]* PROCESS .* STOPPED sandbox-worker\n[\s\S]*no segment has a host nobody/m,
    );
    child.stdin.end();
    assert.deepEqual(await exited, [0, null]);
    await nothingLeft();
    const times = [...output().matchAll(/^(\d\d:\d\d:\d\d\.\d{3}) /gm)].map(([, time]) =>
      Date.parse(`2026-01-01T${time}Z`),
    );
    assert.ok(times.length > 10, output());
    // At midnight it goes back by a day.
    const isBehind = (time: number, index: number) => {
      const back = (times[index - 1] ?? time) - time;
      return back > 0 && back < 43_200_000;
    };
    assert.equal(times.findIndex(isBehind), -1, `lines out of order:\n${output()}`);
  });

  test("a simulated host that crashes is reported once it is fenced; a storm is held until it is released", async (context) => {
    const { child, shows, output } = openSandbox(context);
    await shows(/Try, by typing here/);
    child.stdin.write("fail\nfail host node-3\n");
    await shows(
      /fail what\? node-1, [\s\S]*node-3 crashes[\s\S]*fencing of node-3 succeeded[\s\S]*STOPPED OFFLINE NORMAL on node-3; stored/,
    );
    child.stdin.write("storm\n");
    await shows(/sim:node-1 .* node-8 is lost but not reported \(storm guard\)/);
    assert.doesNotMatch(output(), /NORMAL on node-[4-8]; stored/);
    child.stdin.write("release\n");
    for (const name of ["node-4", "node-5", "node-6", "node-7", "node-8"]) {
      await shows(new RegExp(`COMPUTE_HOST STOPPED OFFLINE NORMAL on ${name}; stored`));
    }
    assert.equal(output().match(/COMPUTE_HOST STOPPED OFFLINE NORMAL/g)?.length, 6);
  });

  for (const signal of ["SIGHUP", "SIGQUIT", "SIGTERM", "SIGKILL"] as const) {
    test(`leaves nothing running and nothing on the disk after ${signal}`, async (context) => {
      const { child, exited, started, nothingLeft } = openSandbox(context);
      await started();
      child.kill(signal);
      assert.deepEqual(await exited, signal === "SIGKILL" ? [null, signal] : [0, null]);
      await nothingLeft();
    });
  }

  test("ends when nobody reads what it shows", async (context) => {
    const { child, exited, shows, nothingLeft } = openSandbox(context);
    await shows(/Try, by typing here/);
    child.stdout.destroy();
    child.stdin.write("help\n");
    assert.deepEqual(await exited, [0, null]);
    await nothingLeft();
  });

  test("--script that is interrupted before its first act is no success", async (context) => {
    const { child, exited, started, nothingLeft, output } = openSandbox(context, "--script");
    await started();
    child.kill("SIGINT");
    assert.deepEqual(await exited, [1, null], output());
    assert.match(output(), /interrupted \(SIGINT\)/);
    await nothingLeft();
  });

  test("prints where it would have its directory", async () => {
    const child = spawn("/bin/sh", [launch, "src/cli/sandbox.ts"], {
      env: { ...process.env, TMPDIR: "/no/such/place" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        output += String(text);
      });
    }
    assert.deepEqual(await once(child, "close"), [1, null]);
    assert.match(output, /^cannot make a directory in \/no\/such\/place \(.*\); set TMPDIR to a directory.*\n$/);
  });
});
