import assert from "node:assert/strict";
import { connect as connectTo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { InstanceRig } from "../support/instance-rig.ts";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { arrived, migrate, migrateSlowly, type Place, slowToMove } from "./libvirt/migration.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";
/** libvirt's own guest-sync makes each failed ping after the first one take 5 s. */
const REPORT_MS = 90_000;

/** A libvirt's read-only socket behind another one, whose connections a test can cut and refuse. */
async function unreliableSocket(t: TestContext, { folder, readOnlySocket }: Libvirtd) {
  const path = join(folder, "run/unreliable");
  const open = new Set<Socket>();
  let refuses = false;
  const server = createServer((client) => {
    if (refuses) return void client.destroy();
    const libvirtd = connectTo(readOnlySocket);
    for (const socket of [client, libvirtd]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    client.pipe(libvirtd).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  t.after(() => {
    cut();
    server.close();
  });
  return {
    uri: `qemu+unix:///system?socket=${path}`,
    /** No connection goes through, nor goes on. */
    refuse(refusing: boolean): void {
      refuses = refusing;
      if (refusing) cut();
    },
  };
}

await describeWithLibvirtd("live migrations between two hosts", { hostname: "compute1" }, (host) => {
  let compute2: Libvirtd;
  let count = 0;
  before(async () => {
    compute2 = await Libvirtd.start({ hostname: "compute2" });
  });
  after(() => compute2.stop());

  async function places(t: TestContext): Promise<readonly [Place, Place]> {
    const { libvirtd } = host();
    const here = { libvirtd, connection: await host().connect(t) };
    return [here, { libvirtd: compute2, connection: await host().connect(t, { uri: compute2.uri }) }];
  }

  async function guestOn({ libvirtd, connection }: Place, options: GuestOptions = {}): Promise<Guest> {
    const name = `instance-${String(++count).padStart(8, "0")}`;
    return await (await Guest.start(libvirtd, connection, name, { ...options, defined: true })).answering();
  }

  test("moved in every way: nothing is notified at the source; at the destination they die as any other", async (t) => {
    const [here, there] = await places(t);
    const fence = await guestOn(here);
    const guests = [await guestOn(here), await guestOn(here), await guestOn(here)] as const;
    const sources = await InstanceRig.create(t, { uri: here.libvirtd.uri });
    const destinations = await InstanceRig.create(t, { uri: there.libvirtd.uri });
    await Promise.all([sources.start(), destinations.start()]);

    await migrate(guests[0], here, there, "p2p");
    await migrate(guests[1], here, there, "direct");
    await migrate(guests[2], here, there, "tunnelled");
    const moved = await Promise.all(guests.map((guest) => arrived(guest, there)));
    for (const guest of moved) {
      await guest.answering();
      guest.signal("SIGKILL");
    }
    for (const { domain } of moved) await destinations.untilNotified(domain.uuid, FAILED);
    fence.signal("SIGKILL");
    await sources.untilNotified(fence.domain.uuid, FAILED);

    for (const { domain } of moved) assert.deepEqual(destinations.notificationsOf(domain.uuid), [FAILED], domain.name);
    assert.equal(sources.posted.length, 1);
  });

  test("moved in a gap, the monitor's or its connection's, there and back again: nothing is notified", async (t) => {
    const [here, there] = await places(t);
    const [first, second, staying] = [await guestOn(here), await guestOn(here), await guestOn(here)];
    const socket = await unreliableSocket(t, here.libvirtd);
    const rig = await InstanceRig.create(t, { uri: socket.uri });
    const before = await rig.start();
    await before.stop("SIGKILL");
    await migrate(first, here, there);
    const monitor = await rig.start();

    socket.refuse(true);
    await monitor.line(/Lost connection to libvirt/, 20_000);
    await migrate(second, here, there);
    await migrate(await arrived(first, there), there, here);
    const from = monitor.output.length;
    socket.refuse(false);
    await monitor.line(/watching \d+ guests?/, 60_000, from);

    const back = await arrived(first, here);
    for (const guest of [back, staying]) guest.signal("SIGKILL");
    for (const { domain } of [back, staying]) await rig.untilNotified(domain.uuid, FAILED);
    assert.deepEqual(
      [first, second, staying].map(({ domain }) => rig.notificationsOf(domain.uuid)),
      [[FAILED], [], [FAILED]],
    );
    await (await arrived(second, there)).destroy();
  });

  test("cut short, by whatever: nothing is notified but the guest's real death, and by its own host", async (t) => {
    const [here, there] = await places(t);
    const guest = await guestOn(here, slowToMove);
    const { uuid } = guest.domain;
    const sources = await InstanceRig.create(t, { uri: here.libvirtd.uri });
    const destinations = await InstanceRig.create(t, { uri: there.libvirtd.uri });
    const [source, destination] = await Promise.all([sources.start(), destinations.start()]);

    const cancelled = await migrateSlowly(guest, here, there);
    await here.libvirtd.virsh("domjobabort", guest.name);
    assert.match((await cancelled.ended) ?? "", /canceled/);

    const deserted = await migrateSlowly(guest, here, there);
    (await arrived(guest, there)).signal("SIGKILL");
    assert.notEqual(await deserted.ended, undefined);

    // The destination's libvirtd dies, and finds half a guest when it is back.
    const orphaned = await migrateSlowly(guest, here, there);
    await there.libvirtd.kill();
    assert.notEqual(await orphaned.ended, undefined);
    const fromThere = destination.output.length;
    await there.libvirtd.restart();
    await destination.line(/watching \d+ guests?/, 60_000, fromThere);

    const [, thereAgain] = await places(t);
    const abandoned = await migrateSlowly(guest, here, thereAgain);
    await here.libvirtd.kill();
    assert.notEqual(await abandoned.ended, undefined);
    const fromHere = source.output.length;
    await here.libvirtd.restart();
    await source.line(/watching \d+ guests?/, 60_000, fromHere);

    const [hereAgain] = await places(t);
    const dying = await migrateSlowly(guest, hereAgain, thereAgain);
    guest.signal("SIGKILL");
    assert.notEqual(await dying.ended, undefined);
    await sources.untilNotified(uuid, FAILED);

    const fence = await guestOn(thereAgain);
    fence.signal("SIGKILL");
    await destinations.untilNotified(fence.domain.uuid, FAILED);
    assert.deepEqual(sources.notificationsOf(uuid), [FAILED]);
    assert.deepEqual(destinations.notificationsOf(uuid), []);
  });

  test("leave_alone_migrating: a hung guest is not reported while it is moved, and is when that is cancelled", async (t) => {
    const [here, there] = await places(t);
    const [hung, reported, moved] = [await guestOn(here, slowToMove), await guestOn(here), await guestOn(here)];
    const rig = await IntrospectiveRig.create(t, here.libvirtd.uri, {
      leave_alone_migrating: true,
      guest_monitoring_failure_threshold: 2,
    });
    const monitor = await rig.start();
    const watched = ({ domain }: Guest) => monitor.line(new RegExp(`${domain.uuid}\\): its agent answers; `), 60_000);
    await Promise.all([hung, reported, moved].map(watched));

    const migration = await migrateSlowly(hung, here, there);
    for (const guest of [hung, reported]) guest.send("x-hang");
    await migrate(moved, here, there);
    await monitor.line(new RegExp(`${hung.domain.uuid}\\): is being migrated or saved; not reported`), REPORT_MS);
    await rig.untilNotified(reported.domain.uuid, REPORT_MS);
    assert.equal(rig.notificationCount(hung.domain.uuid), 0);
    await here.libvirtd.virsh("domjobabort", hung.name);
    assert.match((await migration.ended) ?? "", /canceled/);

    await rig.untilNotified(hung.domain.uuid, REPORT_MS);
    assert.deepEqual(
      [hung, reported, moved].map(({ domain }) => rig.notificationCount(domain.uuid)),
      [1, 1, 0],
    );
  });
});
