import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runCommand } from "../../../src/system/exec.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { WaitingCommand } from "../../../src/system/waiting-command.ts";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";

const never = new AbortController().signal;
const plain = { asRoot: false, timeoutMs: 60_000, clock: systemClock };
const env = { PATH: "/usr/bin:/bin" };

const gone = (pid: number): Promise<true> =>
  eventually(`${pid} to end`, 60_000, () => !existsSync(`/proc/${pid}`) || undefined);

test("a waiting command becomes the command, with its words, an empty stdin and its exit code", async () => {
  const words = ["sh", "-c", 'echo "$$ $1"; cat; exit 3', "sh", "a b  *"];
  const waiting = WaitingCommand.start(words, env);
  assert.ok(waiting);
  assert.ok(existsSync(`/proc/${waiting.pid}`));
  const { outcome, code, stdout } = await runCommand(words, { ...plain, waiting }, never);
  assert.deepEqual([outcome, code, stdout.text], ["exited", 3, `${waiting.pid} a b  *\n`]);
});

test("one that hangs is ended like any other command", async () => {
  const words = ["sh", "-c", "sleep 60 & wait"];
  const waiting = WaitingCommand.start(words, env);
  assert.ok(waiting);
  const { outcome } = await runCommand(words, { ...plain, timeoutMs: 100, waiting }, never);
  assert.equal(outcome, "timed-out");
  await gone(waiting.pid);
});

test("where the waiting process has ended meanwhile, the command is started as usual", async () => {
  const waiting = WaitingCommand.start(["echo", "one"], env);
  assert.ok(waiting);
  const ended = new Promise<void>((resolve) => waiting.onceEnded(resolve));
  process.kill(waiting.pid, "SIGKILL");
  await ended;
  const { code, stdout } = await runCommand(["echo", "one"], { ...plain, waiting }, never);
  assert.deepEqual([code, stdout.text], [0, "one\n"]);
});

test("it has no other environment than it is given, and ends when it is not wanted", async () => {
  const waiting = WaitingCommand.start(["true"], env);
  assert.ok(waiting);
  const { pid } = waiting;
  await eventually("sh to run", 60_000, () => readFileSync(`/proc/${pid}/comm`, "utf8") === "sh\n" || undefined);
  assert.equal(readFileSync(`/proc/${pid}/environ`, "utf8"), "PATH=/usr/bin:/bin\0");
  waiting.end();
  await gone(pid);
});

test("it keeps no program running, and ends with it, also when that is killed", async () => {
  const module = new URL("../../../src/system/waiting-command.ts", import.meta.url);
  const begin = `import { WaitingCommand } from ${JSON.stringify(module)};
    console.log("pid " + WaitingCommand.start(["true"], ${JSON.stringify(env)}).pid);`;
  for (const rest of ["", 'process.kill(process.pid, "SIGKILL");']) {
    const words = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", begin + rest];
    const program = new Child(process.execPath, words);
    await program.exited;
    const pid = Number(/^pid (\d+)$/m.exec(program.output)?.[1]);
    assert.ok(pid > 0, program.output);
    await gone(pid);
  }
});
