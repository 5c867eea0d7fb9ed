import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { type TestContext, test } from "node:test";
import { type ExitCalls, type ExitWatchParts, libcExitCalls, watchExits } from "../../../src/system/pidfd.ts";
import { openProcTable, type ProcessIdentity, ProcTableError } from "../../../src/system/proc-table.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { type Child, startNamedProcess } from "../../support/child.ts";
import { within } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";

const table = openProcTable();

function identityOf({ pid }: Child): ProcessIdentity {
  const stat = table.stat(pid);
  assert.ok(stat);
  return { pid, startTime: stat.startTime };
}

/** A watch whose exits can be awaited one by one, stopped with the test. */
function watching(context: TestContext, calls?: () => ExitCalls, more: Partial<ExitWatchParts> = {}) {
  const stop = new AbortController();
  const log = new KeptLog();
  const seen: number[] = [];
  let arrived = Promise.withResolvers<void>();
  const exits = watchExits(
    {
      clock: systemClock,
      table,
      log,
      onExit: ({ pid }) => {
        seen.push(pid);
        arrived.resolve();
        arrived = Promise.withResolvers();
      },
      ...(calls && { calls }),
      ...more,
    },
    stop.signal,
  );
  context.after(async () => {
    stop.abort();
    await within("the watch to stop", 60_000, exits.stopped);
  });
  const next = async (count: number) => {
    while (seen.length < count) await within("an exit", 60_000, arrived.promise);
    return seen;
  };
  return { exits, stop, log, seen, next };
}

const byNumber = (one: number, other: number) => one - other;

const startProcesses = (context: TestContext, count: number) => {
  const children = Array.from({ length: count }, (_, index) => startNamedProcess(`/bin/target-${index}`));
  context.after(() => Promise.all(children.map((child) => child.stop("SIGKILL"))));
  return children;
};

test("the exit of a watched process is reported, and of no other", async (context) => {
  const { exits, next } = watching(context);
  const [one, two, three] = startProcesses(context, 3) as [Child, Child, Child];
  for (const child of [one, two, three]) assert.equal(exits.watch(identityOf(child)), "watching");
  two.signal("SIGKILL");
  assert.deepEqual(await next(1), [two.pid]);
  one.signal("SIGTERM");
  assert.deepEqual(await next(2), [two.pid, one.pid]);
});

test("exits at the same time are all reported, each once", async (context) => {
  const { exits, next } = watching(context);
  const children = startProcesses(context, 40);
  for (const child of children) exits.watch(identityOf(child));
  for (const child of children) child.signal("SIGKILL");
  const pids = children.map(({ pid }) => pid).sort(byNumber);
  assert.deepEqual([...(await next(40))].sort(byNumber), pids);
});

test("a process that has ended is gone, as is one whose pid is another's now", async (context) => {
  const { exits } = watching(context);
  const [alive, dead] = startProcesses(context, 2) as [Child, Child];
  const before = identityOf(dead);
  await dead.stop("SIGKILL");
  assert.equal(exits.watch(before), "gone");
  assert.equal(exits.watch({ pid: alive.pid, startTime: identityOf(alive).startTime - 1 }), "gone");
  assert.equal(exits.watch(identityOf(alive)), "watching");
});

test("the exit of a process that is no longer watched is not reported", async (context) => {
  const { exits, next } = watching(context);
  const [unwatched, watched] = startProcesses(context, 2) as [Child, Child];
  exits.watch(identityOf(unwatched));
  exits.watch(identityOf(watched));
  exits.unwatch(identityOf(unwatched));
  await unwatched.stop("SIGKILL");
  watched.signal("SIGKILL");
  assert.deepEqual(await next(1), [watched.pid]);
});

test("no descriptor is left behind", async (context) => {
  const linkOf = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "the directory itself";
    }
  };
  const open = () => readdirSync("/proc/self/fd").filter((fd) => /pidfd|eventfd/.test(linkOf(fd))).length;
  const children = startProcesses(context, 5);
  const before = open();
  const { exits, stop, next } = watching(context);
  for (let round = 0; round < 20; round++) {
    for (const child of children) exits.watch(identityOf(child));
    for (const child of children) exits.unwatch(identityOf(child));
  }
  for (const child of children) exits.watch(identityOf(child));
  children[0]?.signal("SIGKILL");
  await next(1);
  assert.equal(open(), before + 1 + 4, "one to wake the poll, and one for each process");
  stop.abort();
  await within("the watch to stop", 60_000, exits.stopped);
  assert.equal(open(), before);
  const [, second] = children as [Child, Child];
  assert.equal(exits.watch(identityOf(second)), "unavailable", "after the stop");
  assert.equal(open(), before);
});

test("a program that exits does not wait for the processes that it watches", (context) => {
  const [target] = startProcesses(context, 1) as [Child];
  const { startTime } = identityOf(target);
  const script = `
    import { watchExits } from "./src/system/pidfd.ts";
    import { openProcTable } from "./src/system/proc-table.ts";
    const watch = watchExits({ clock: { now: () => ({}) }, table: openProcTable(), log: console, onExit() {} }, new AbortController().signal);
    console.log(watch.watch({ pid: ${target.pid}, startTime: ${startTime} }));
    setTimeout(() => process.exit(0), 50);`;
  const output = execFileSync(process.execPath, ["--input-type=module-typescript", "--eval", script], {
    timeout: 60_000,
  });
  assert.equal(String(output), "watching\n");
});

const unavailable: readonly (readonly [string, () => ExitCalls, RegExp])[] = [
  ["an old kernel", () => ({ ...libcExitCalls(), pidfdOpen: () => -constants.errno.ENOSYS }), /ENOSYS/],
  ["no descriptors left", () => ({ ...libcExitCalls(), eventfd: () => -constants.errno.EMFILE }), /too few file desc/],
  ["none for a process", () => ({ ...libcExitCalls(), pidfdOpen: () => -constants.errno.EMFILE }), /too few file desc/],
  ["a sandbox", () => ({ ...libcExitCalls(), pidfdOpen: () => -constants.errno.ESRCH }), /ESRCH/],
  [
    "no koffi for this platform",
    () => {
      throw new Error("Cannot find the native Koffi module\nand more");
    },
    /Cannot find the native Koffi module\)/,
  ],
];
for (const [what, calls, reason] of unavailable) {
  test(`${what}: watching is unavailable, which is logged once`, (context) => {
    const { exits, log } = watching(context, calls);
    for (const child of startProcesses(context, 3)) assert.equal(exits.watch(identityOf(child)), "unavailable");
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0] ?? "", reason);
  });
}

test("a process that cannot be looked at for want of descriptors is not gone", (context) => {
  const unreadable = () => {
    throw new ProcTableError("/proc/1/stat", new Error("EMFILE: too many open files"));
  };
  const { exits, log } = watching(context, undefined, { table: { ...table, stat: unreadable } });
  const [target] = startProcesses(context, 1) as [Child];
  assert.equal(exits.watch(identityOf(target)), "unavailable");
  assert.match(log.lines.join("\n"), /too few file descriptors/);
});

test("where descriptors are short some processes are watched, the others again when there are more", async (context) => {
  const children = startProcesses(context, 20);
  const free = openSync("/dev/null", "r");
  closeSync(free);
  const { exits, log, next } = watching(context, undefined, { descriptorLimit: free + 24 + 8 });
  const identities = children.map(identityOf);
  const outcomes = identities.map((one) => exits.watch(one));
  const watched = outcomes.filter((outcome) => outcome === "watching").length;
  assert.ok(watched > 0 && watched < 20, `${watched} of 20`);
  assert.ok(!outcomes.includes("gone"));
  assert.equal(log.lines.length, 1);
  assert.equal(exits.watch(identities.at(-1) as ProcessIdentity), "unavailable");
  children[0]?.signal("SIGKILL");
  await next(1);
  assert.equal(exits.watch(identities.at(-1) as ProcessIdentity), "watching");
});

test("a poll that fails again and again ends the watch with an error", async (context) => {
  const calls = () => ({
    ...libcExitCalls(),
    poll: (_fds: Buffer, _count: number, done: (result: number) => void) => void setImmediate(done, -1),
  });
  const { exits, log } = watching(context, calls);
  const [target] = startProcesses(context, 1) as [Child];
  assert.equal(exits.watch(identityOf(target)), "watching");
  await within("the watch to give up", 60_000, exits.stopped);
  assert.equal(exits.watch(identityOf(target)), "unavailable");
  assert.match(log.lines.join("\n"), /poll fails/);
});
