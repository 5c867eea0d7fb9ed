import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type CommandOptions, type CommandResult, runCommand } from "../../../src/system/exec.ts";
import { openProcTable } from "../../../src/system/proc-table.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { Child, killIfThere } from "../../support/child.ts";
import { eventually, within } from "../../support/eventually.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const table = openProcTable();
const never = new AbortController().signal;
const plain: CommandOptions = { asRoot: false, timeoutMs: 60_000, clock: systemClock };

/** A directory of the test with scripts in it. */
function scripts(context: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "exec-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

/** What becomes of `/bin/true`, `times` in a row, in a program of its own that runs `first` and, before each, `before`. */
async function runIn(first: string, times = 1, before = ""): Promise<CommandResult[]> {
  const exec = new URL("../../../src/system/exec.ts", import.meta.url);
  const clock = new URL("../../../src/system/system-clock.ts", import.meta.url);
  const script = `
    import { execFileSync } from "node:child_process";
    import { closeSync, openSync } from "node:fs";
    import { runCommand } from ${JSON.stringify(exec)};
    import { systemClock as clock } from ${JSON.stringify(clock)};
    const { signal } = new AbortController();
    const results = [];
    ${first}
    for (let count = 0; count < ${times}; count += 1) {
      ${before}
      results.push(await runCommand("/bin/true", { asRoot: false, timeoutMs: 60_000, clock }, signal));
    }
    process.stdout.write(JSON.stringify(results) + "\\n");`;
  const child = new Child(process.execPath, ["--input-type=module", "--eval", script]);
  return JSON.parse(await child.line(/^\[/, 60_000)) as CommandResult[];
}

const run = (command: string, options: Partial<CommandOptions> = {}, signal = never) =>
  within("the command", 60_000, runCommand(command, { ...plain, ...options }, signal));

test("success is the exit code alone, whatever is written to stderr", async (context) => {
  const directory = scripts(context, { noisy: "echo out; echo warning >&2", failing: "exit 3" });
  const noisy = await run(`${directory}/noisy`);
  assert.deepEqual([noisy.outcome, noisy.code], ["exited", 0]);
  assert.equal(noisy.stdout.text, "out\n");
  assert.equal(noisy.stderr.text, "warning\n");
  const failing = await run(`${directory}/failing`);
  assert.equal(failing.code, 3);
  assert.match(failing.summary, /^exited with code 3 after \d/);
});

test("the command is split on white space and seen by no shell", async () => {
  const { stdout } = await run("  /bin/echo   $HOME  'a  b' ;  *  ");
  assert.equal(stdout.text, "$HOME 'a b' ; *\n");
});

test("a command has our environment, but no secret, no URL with a user and no setting of our own memory", async (context) => {
  const secrets = {
    OS_API__PASSWORD: "p",
    OS_API__APPLICATION_CREDENTIAL_SECRET: "p",
    OS_PASSWORD: "p",
    OS_TOKEN: "p",
    OS_PASSCODE: "p",
    OS_CLIENT_SECRET: "p",
    mysql_password: "p",
    https_proxy: "http://user:p@proxy:3128",
    HTTP_PROXY: "user:p@proxy:3128",
    OS_AUTH_URL: "https://user:p@keystone:5000/v3",
    TRANSPORT_URL: "rabbit://one:p@a:5672,two:p@b:5672/",
  };
  const harmless = { OS_REGION_NAME: "mail@example.org", EXEC_TEST: "http://host/", all_proxy: "proxy:3128" };
  const had = { ...process.env };
  context.after(() => {
    process.env = had;
  });
  const own = { MALLOC_ARENA_MAX: "2", MALLOC_TOP_PAD_: "16384" };
  process.env = { ...had, ...secrets, ...harmless, ...own };
  const { stdout } = await run("env");
  const given = new Map(stdout.text.split("\n").map((line) => line.split(/=(.*)/) as [string, string]));
  for (const name of Object.keys({ ...secrets, ...own })) assert.equal(given.has(name), false, name);
  for (const [name, value] of Object.entries(harmless)) assert.equal(given.get(name), value, name);
  assert.equal(given.get("PATH"), had.PATH);
});

test("a command ended by a signal has not succeeded", async (context) => {
  const directory = scripts(context, { suicide: "kill -9 $$" });
  const { outcome, code, summary } = await run(`${directory}/suicide`);
  assert.deepEqual([outcome, code], ["exited", undefined]);
  assert.match(summary, /SIGKILL/);
});

test("a command that cannot be started has the reason", async (context) => {
  const directory = scripts(context, {});
  writeFileSync(join(directory, "data"), "");
  assert.match((await run("/no/such/command x")).summary, /there is no \/no\/such\/command/);
  assert.match((await run(`${directory}/data`)).summary, /not executable/);
  assert.equal((await run("  ")).outcome, "not-started");
});

test("output is kept up to its last 16 KiB, and what is left out is counted", async (context) => {
  const directory = scripts(context, { long: "seq 1 100000; echo last >&2" });
  const { stdout, stderr } = await run(`${directory}/long`);
  assert.equal(Buffer.byteLength(stdout.text), 16 * 1024);
  assert.ok(stdout.text.endsWith("99999\n100000\n"));
  assert.equal(stdout.dropped + 16 * 1024, 588_895);
  assert.equal(stderr.text, "last\n");
});

test("a daemon that holds the pipes neither keeps us waiting nor blocks nor dies of writing", async (context) => {
  const directory = scripts(context, {
    daemon:
      "echo $$ >$1.pid; until [ -e $1.go ]; do sleep 0.01; done; for i in $(seq 1 20000); do echo line $i of the daemon; done; echo done >$1.done; sleep 60",
    start: "here=$(dirname $0); setsid $here/daemon $here/d & until [ -s $here/d.pid ]; do sleep 0.01; done",
  });
  const result = await run(`${directory}/start`);
  assert.deepEqual([result.outcome, result.code], ["exited", 0]);
  const pid = Number(readFileSync(join(directory, "d.pid"), "utf8"));
  context.after(() => killIfThere(-pid));
  // 400 KB through a pipe of 64 KB: somebody reads it.
  writeFileSync(join(directory, "d.go"), "");
  await eventually(
    "the daemon to have written all",
    60_000,
    () => readFileSync(join(directory, "d.done"), "utf8") || undefined,
  );
  assert.ok(table.stat(pid));
});

test("a command that takes too long is ended with all of its group: TERM, then KILL", async (context) => {
  const directory = scripts(context, {
    stubborn: `trap '' TERM; bash -c 'trap "" TERM; echo $$ >$0.child; sleep 60 & wait; sleep 60' "$0" & echo $$ >"$0.pid"; while :; do sleep 60 & wait $!; done`,
  });
  const pidIn = (name: string) =>
    eventually(name, 60_000, () => Number(readFileSync(join(directory, name), "utf8")) || undefined);
  const clock = new VirtualClock();
  const result = runCommand(`${directory}/stubborn`, { ...plain, clock, timeoutMs: 3000 }, never);
  const pids = [await pidIn("stubborn.pid"), await pidIn("stubborn.child")];
  await clock.advance(3000);
  await settle();
  for (const pid of pids) assert.ok(table.stat(pid), "TERM is ignored");
  await clock.advance(5000);
  const { outcome, summary } = await within("the end", 60_000, result);
  assert.equal(outcome, "timed-out");
  assert.match(summary, /did not end within 3 s/);
  for (const pid of pids) {
    await eventually("the group to be gone", 60_000, () => {
      const stat = table.stat(pid);
      return !stat || stat.state === "Z" ? true : undefined;
    });
  }
});

test("a command that obeys TERM has timed out all the same", async (context) => {
  const directory = scripts(context, {
    polite: 'trap "echo bye; exit 0" TERM; echo $$ >"$0.pid"; while :; do sleep 0.05; done',
  });
  const clock = new VirtualClock();
  const result = runCommand(`${directory}/polite`, { ...plain, clock, timeoutMs: 1000 }, never);
  await eventually("its start", 60_000, () => readFileSync(join(directory, "polite.pid"), "utf8") || undefined);
  await clock.advance(1000);
  const { outcome, code, stdout } = await within("the end", 60_000, result);
  assert.deepEqual([outcome, code, stdout.text], ["timed-out", undefined, "bye\n"]);
});

test("a command is left running when the monitor stops, two seconds later", async (context) => {
  const directory = scripts(context, { restart: 'echo $$ >"$0.pid"; exec sleep 60' });
  const clock = new VirtualClock();
  const stop = new AbortController();
  const result = runCommand(`${directory}/restart`, { ...plain, clock }, stop.signal);
  const pid = await eventually(
    "its start",
    60_000,
    () => Number(readFileSync(join(directory, "restart.pid"), "utf8")) || undefined,
  );
  context.after(() => killIfThere(pid));
  stop.abort();
  await clock.advance(1999);
  let resolved = false;
  void result.then(() => {
    resolved = true;
  });
  await settle();
  assert.equal(resolved, false);
  await clock.advance(1);
  assert.equal((await result).outcome, "left-running");
  assert.ok(table.stat(pid));
});

test("a command that ends within those two seconds has its result", async (context) => {
  const directory = scripts(context, { restart: 'until [ -e "$0.go" ]; do sleep 0.01; done' });
  const stop = new AbortController();
  const result = run(`${directory}/restart`, { clock: new VirtualClock() }, stop.signal);
  stop.abort();
  writeFileSync(join(directory, "restart.go"), "");
  assert.deepEqual((await result).code, 0);
});

test("nothing is started once the monitor stops", async () => {
  assert.equal((await run("/bin/true", {}, AbortSignal.abort())).outcome, "not-started");
});

test("the pid is reported at the start and at the end, and is a process group of its own", async () => {
  const events: string[] = [];
  let group = 0;
  await run("/bin/sleep 0.05", {
    onStart: (pid) => {
      events.push(`start ${pid}`);
      group = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[2]);
    },
    onEnd: (pid) => events.push(`end ${pid}`),
  });
  assert.deepEqual(events, [`start ${group}`, `end ${group}`]);
});

test("without a free descriptor a command is not started, which is its result; with one again it is", async () => {
  const exhausted = `
    const held = [];
    execFileSync("prlimit", ["--nofile=64", "--pid", String(process.pid)]);
    try { for (;;) held.push(openSync("/dev/null")); } catch {}`;
  // From none to as many as a process with its pipes needs: Node fails in another place with each, and leaks some.
  const results = await runIn(exhausted, 10, "closeSync(held.pop());");
  const started = results.findIndex(({ outcome }) => outcome === "exited");
  assert.ok(started > 2 && started < 9, JSON.stringify(results));
  for (const { outcome, summary } of results.slice(0, started)) {
    assert.equal(outcome, "not-started");
    assert.match(summary, /no file descriptor left; raise LimitNOFILE=/);
  }
});

test("where no more processes are allowed, a command is not started, which is its result", async () => {
  const nobodyElse = `
    execFileSync("prlimit", ["--nproc=1", "--pid", String(process.pid)]);
    if (process.getuid() === 0) process.setuid(65534);`;
  const [result] = await runIn(nobodyElse);
  assert.equal(result?.outcome, "not-started");
  assert.match(result?.summary ?? "", /no more processes are allowed; .* \(EAGAIN\)/);
});

test("a missing interpreter is not reported as a missing command", async (context) => {
  const directory = scripts(context, {});
  writeFileSync(join(directory, "script"), "#!/no/such/interpreter\n");
  chmodSync(join(directory, "script"), 0o755);
  assert.match(
    (await run(`${directory}/script`)).summary,
    /script is there, but the interpreter that its first line names/,
  );
  assert.match((await run(`${directory}/none`)).summary, /there is no .*\/none/);
});
