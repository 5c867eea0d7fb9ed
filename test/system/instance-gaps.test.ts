import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../src/libvirt/mod.ts";
import { eventually } from "../support/eventually.ts";
import { hasEnded } from "../support/has-ended.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest, type GuestCommand, type GuestOptions } from "./libvirt/guest.ts";
import type { Libvirtd } from "./libvirt/libvirtd.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

/** A guest as Nova makes them: defined, so that libvirt still knows it when it has ended. */
async function definedGuest(libvirtd: Libvirtd, connection: Connection): Promise<Guest> {
  const uuid = randomUUID();
  const options = { uuid, agent: "bare", defined: true } as const;
  return await Guest.start(libvirtd, connection, `instance-${uuid.slice(0, 8)}`, options);
}

async function definedGuests(count: number, libvirtd: Libvirtd, connection: Connection): Promise<Guest[]> {
  const guests: Guest[] = [];
  for (let made = 0; made < count; made++) guests.push(await definedGuest(libvirtd, connection));
  return guests;
}

/** On a busy machine a QEMU takes a while to die. */
const untilEnded = (pid: number): Promise<unknown> =>
  eventually(`the end of ${pid}`, 60_000, () => hasEnded(pid) || undefined);

/** A libvirtd that takes over a QEMU that is just dying also reports, correctly, that it has lost control of it. */
function endsOf(rig: InstanceRig, { domain }: Guest): string[] {
  return rig.notificationsOf(domain.uuid).filter((notified) => notified !== "CONTROL_ERROR/UNKNOWN");
}

await describeWithLibvirtd("instance monitor, gaps on a real libvirtd", {}, (host) => {
  test("libvirtd is killed, guests die while it is away, and it comes back: each is notified, once", async (t) => {
    const { libvirtd } = host();
    const guests = await definedGuests(6, libvirtd, await host().connect(t));
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const monitor = await rig.start();
    const [beforehand, ...others] = guests as [Guest, ...Guest[]];
    const [survivor, ...dying] = others as [Guest, ...Guest[]];
    // libvirtd has not seen this death when it is killed, or has and has not emitted it, or has emitted it.
    const pids = new Map(guests.map((guest) => [guest, guest.pid]));
    process.kill(pids.get(beforehand) ?? 0, "SIGKILL");

    await libvirtd.kill();
    await monitor.line(/Lost connection to libvirt/, 20_000);
    for (const guest of dying) process.kill(pids.get(guest) ?? 0, "SIGKILL");
    for (const guest of [beforehand, ...dying]) await untilEnded(pids.get(guest) ?? 0);
    const from = monitor.output.length;
    await libvirtd.restart();
    await monitor.line(/watching \d+ guests?/, 60_000, from);

    for (const guest of [beforehand, ...dying]) await rig.untilNotified(guest.domain.uuid, FAILED);
    survivor.signal("SIGKILL");
    await rig.untilNotified(survivor.domain.uuid, FAILED);
    for (const guest of guests) assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [FAILED], guest.name);
    assert.equal(monitor.running, true);
    assert.equal(monitor.output.match(/Lost connection to libvirt/g)?.length, 1);
  });

  test("guests die at the moment when a new libvirtd takes them over: each is notified, once", async (t) => {
    const { libvirtd } = host();
    const guests = await definedGuests(8, libvirtd, await host().connect(t));
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    await rig.start();
    const pids = guests.map((guest) => guest.pid);
    await libvirtd.kill();
    const restarted = libvirtd.restart();

    for (const pid of pids) {
      process.kill(pid, "SIGKILL");
      await sleep(40);
    }
    await restarted;

    // libvirtd itself has no event for some of them; they are found by looking again.
    for (const guest of guests) await rig.untilNotified(guest.domain.uuid, FAILED, 60_000);
    for (const guest of guests) assert.deepEqual(endsOf(rig, guest), [FAILED], guest.name);
  });

  test("libvirtd is stopped at the moment when guests die: each is notified, once; those shut down on purpose are not failures", async (t) => {
    const { libvirtd } = host();
    const instancemonitor = { qemu_log_directory: libvirtd.qemuLogs };
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri, instancemonitor });
    const monitor = await rig.start();
    // libvirtd is notified of a death within milliseconds, and emits it up to 200 ms later.
    for (const delayMs of [0, 5, 15, 30, 50, 80, 120, 160]) {
      const connection = await host().connect(t);
      const [died, destroyed, poweredOff, living] = await Promise.all([
        definedGuest(libvirtd, connection),
        definedGuest(libvirtd, connection),
        Guest.start(libvirtd, connection, `instance-off-${delayMs}`, { defined: true }).then((guest) =>
          guest.answering(),
        ),
        definedGuest(libvirtd, connection),
      ]);
      // Events come in order: what was started before this is known to the monitor.
      await libvirtd.virsh("reset", destroyed.name);
      await rig.untilNotified(destroyed.domain.uuid, "REBOOT/UNKNOWN");
      died.signal("SIGKILL");
      poweredOff.send("x-poweroff");
      const destroying = libvirtd.virsh("destroy", destroyed.name).catch(() => undefined);
      await sleep(delayMs);
      await libvirtd.kill("SIGTERM");
      await destroying;
      const from = monitor.output.length;
      await libvirtd.restart();
      await monitor.line(/watching \d+ guests?/, 60_000, from);
      await rig.untilNotified(died.domain.uuid, FAILED, 60_000);
      living.signal("SIGKILL");
      await rig.untilNotified(living.domain.uuid, FAILED, 60_000);
      for (const guest of [died, living]) assert.deepEqual(endsOf(rig, guest), [FAILED], `${delayMs} ms`);
      for (const guest of [destroyed, poweredOff]) {
        const log = (): string => readFileSync(join(libvirtd.qemuLogs, `${guest.name}.log`), "utf8").slice(-1000);
        const lines = (): string =>
          monitor.output
            .split("\n")
            .filter((line) => line.includes(guest.name))
            .join("\n");
        const isFailure = rig.notificationsOf(guest.domain.uuid).includes(FAILED);
        assert.ok(!isFailure, isFailure ? `${guest.name}, ${delayMs} ms:\n${lines()}\nQEMU's log: ${log()}` : "");
        await libvirtd.virsh("destroy", guest.name).catch(() => undefined);
      }
    }
  });

  test("libvirtd is killed in the middle of guests' shutdowns: what it then regards as crashes is notified as what it was", async (t) => {
    const { libvirtd } = host();
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const monitor = await rig.start();
    // Whether libvirtd has emitted the end when it is killed is chance.
    for (const options of [{}, { onReboot: "destroy" }] as const) {
      const connection = await host().connect(t);
      const uuid = randomUUID();
      const name = `instance-${uuid.slice(0, 8)}`;
      const guest = await Guest.start(libvirtd, connection, name, { ...options, uuid, defined: true });
      await guest.answering();
      guest.send("onReboot" in options ? "x-reset" : "x-poweroff");
      await monitor.line(new RegExp(`${uuid}\\): is shutting down`), 60_000);
      const from = monitor.output.length;
      await libvirtd.kill();
      await libvirtd.restart();
      await monitor.line(/watching \d+ guests?/, 60_000, from);
      await rig.untilNotified(uuid, "LIFECYCLE/STOPPED_SHUTDOWN", 60_000);
      assert.deepEqual(rig.notificationsOf(uuid), ["LIFECYCLE/STOPPED_SHUTDOWN"]);
    }
  });

  test("what guests do by themselves while libvirtd is down is notified when it is back, panics whatever on_crash is", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const cases: readonly (readonly [GuestCommand, GuestOptions, readonly string[]])[] = [
      ["x-poweroff", {}, ["LIFECYCLE/STOPPED_SHUTDOWN"]],
      ["x-reset", {}, []],
      ["x-reset", { onReboot: "destroy" }, ["LIFECYCLE/STOPPED_SHUTDOWN"]],
      ["x-panic", {}, [FAILED]],
      ["x-panic", { onCrash: "restart" }, [FAILED]],
      ["x-panic", { onCrash: "preserve" }, [FAILED]],
      ["x-watchdog", { watchdog: "pause" }, ["LIFECYCLE/SUSPENDED_WATCHDOG"]],
      ["x-watchdog", { watchdog: "poweroff" }, [FAILED]],
    ];
    const guests: Guest[] = [];
    for (const [at, [, options]] of cases.entries()) {
      guests.push(await Guest.start(libvirtd, connection, `instance-gap-${at}`, { ...options, defined: true }));
    }
    await Promise.all(guests.map((guest) => guest.answering()));
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const monitor = await rig.start();

    await libvirtd.kill();
    await monitor.line(/Lost connection to libvirt/, 20_000);
    await Promise.all(guests.map((guest, at) => guest.sendDirectly(cases[at]?.[0] ?? "x-hang")));
    await libvirtd.restart();

    for (const [at, { domain }] of guests.entries()) {
      for (const notified of cases[at]?.[2] ?? []) await rig.untilNotified(domain.uuid, notified, 60_000);
    }
    const notified = guests.map(({ domain }) => rig.notificationsOf(domain.uuid));
    assert.deepEqual(
      notified,
      cases.map(([, , expected]) => expected),
    );
    for (const guest of guests) await libvirtd.virsh("destroy", guest.name).catch(() => undefined);
  });

  test("the monitor is killed, and what happens meanwhile is notified by the next one as it was", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const [died, destroyed, suspended, again, deleted, untouched] = (await definedGuests(6, libvirtd, connection)) as [
      Guest,
      Guest,
      Guest,
      Guest,
      Guest,
      Guest,
    ];
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const first = await rig.start();
    await first.stop("SIGKILL");

    died.signal("SIGKILL");
    await destroyed.destroy();
    await libvirtd.virsh("suspend", suspended.name);
    await again.destroy();
    await libvirtd.virsh("start", again.name);
    await libvirtd.virsh("destroy", deleted.name);
    await libvirtd.virsh("undefine", deleted.name);
    await rig.start();

    await rig.untilNotified(died.domain.uuid, FAILED);
    await rig.untilNotified(destroyed.domain.uuid, "LIFECYCLE/STOPPED_DESTROYED");
    untouched.signal("SIGKILL");
    await rig.untilNotified(untouched.domain.uuid, FAILED);
    for (const guest of [suspended, again, deleted])
      assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [], guest.name);
    assert.equal(rig.posted.length, 3);
  });

  test("libvirtd hangs: it is noticed, and what died meanwhile is notified when it continues", async (t) => {
    const { libvirtd } = host();
    const guest = await definedGuest(libvirtd, await host().connect(t, { keepalive: false }));
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const monitor = await rig.start();
    const { pid } = guest;

    libvirtd.signal("SIGSTOP");
    t.after(() => libvirtd.signal("SIGCONT"));
    await monitor.line(/Lost connection to libvirt/, 60_000);
    process.kill(pid, "SIGKILL");
    libvirtd.signal("SIGCONT");

    await rig.untilNotified(guest.domain.uuid, FAILED, 60_000);
    assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [FAILED]);
  });

  test("libvirtd is not there when the monitor starts: it logs that and keeps trying", async (t) => {
    const { libvirtd } = host();
    const guest = await definedGuest(libvirtd, await host().connect(t));
    await libvirtd.kill();
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    const monitor = rig.startUnawaited();
    await monitor.line(/ERROR.*Cannot connect to libvirt/, 60_000);
    await libvirtd.restart();
    await monitor.line(/watching \d+ guests?/, 60_000);
    guest.signal("SIGKILL");
    await rig.untilNotified(guest.domain.uuid, FAILED);
    assert.equal(monitor.output.match(/Cannot connect to libvirt/g)?.length, 1);
  });

  test("undelivered, and started again: the failure is not sent any more", async (t) => {
    const { libvirtd } = host();
    const guest = await definedGuest(libvirtd, await host().connect(t));
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    rig.refuse(true);
    const monitor = await rig.start();
    guest.signal("SIGKILL");
    await monitor.line(/STOPPED_FAILED/, 60_000);

    await libvirtd.virsh("start", guest.name);
    await monitor.line(/superseded: VM STOPPED_FAILED/, 60_000);
    rig.refuse(false);

    guest.signal("SIGKILL");
    await rig.untilNotified(guest.domain.uuid, FAILED);
    assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [FAILED]);
  });
});
