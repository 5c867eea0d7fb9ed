import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Connection, connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import type { Child } from "../support/child.ts";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

/** A disk that the tiny guest can read, and whose requests libvirt counts. */
const diskAt = (path: string): string =>
  "<disk type='file' device='disk'><driver name='qemu' type='raw'/>" +
  `<source file='${path}'/><target dev='hda' bus='ide'/></disk>`;

/** libvirt's own guest-sync makes each failed ping after the first one take 5 s. */
const REPORT_MS = 120_000;

await describeWithLibvirtd("introspective monitor on real guests", {}, (host) => {
  let count = 0;

  async function guestNamed(t: TestContext, connection: Connection, options: GuestOptions = {}): Promise<Guest> {
    const guest = await Guest.start(
      host().libvirtd,
      connection,
      `instance-${String(++count).padStart(8, "0")}`,
      options,
    );
    t.after(async () => void (await guest.destroy().catch(() => undefined)));
    return guest;
  }

  const watched = (monitor: Child, guest: Guest, from = 0): Promise<string> =>
    monitor.line(new RegExp(`${guest.domain.uuid}\\): its agent answers; `), 60_000, from);

  test("hung guests are notified once, by whatever channel; neighbours never; a closed channel later", async (t) => {
    const connection = await host().connect(t);
    const [target, second, closing, flapping, well] = await Promise.all([
      guestNamed(t, connection),
      guestNamed(t, connection, { channels: ["com.example.first", "org.qemu.guest_agent.0"] }),
      guestNamed(t, connection),
      guestNamed(t, connection),
      guestNamed(t, connection),
    ]);
    const never = await Promise.all(
      (["hangs", "deaf", "bare"] as const).map((agent) => guestNamed(t, connection, { agent })),
    );
    const rig = await IntrospectiveRig.create(t, host().libvirtd.uri);
    const monitor = await rig.start();
    await Promise.all([target, second, closing, flapping, well].map((guest) => watched(monitor, guest)));

    target.send("x-hang");
    second.send("x-hang");
    closing.send("x-close");
    flapping.send("x-flap");
    await Promise.all([target, second, closing].map(({ domain }) => rig.untilNotified(domain.uuid, REPORT_MS)));

    // A guest that hangs later is notified later: what was to come of the others is there by then.
    well.send("x-hang");
    await rig.untilNotified(well.domain.uuid, REPORT_MS);
    for (const { domain } of [target, second, closing, well]) assert.equal(rig.notificationCount(domain.uuid), 1);
    for (const { domain } of [flapping, ...never]) assert.equal(rig.notificationCount(domain.uuid), 0);
    // On a busy machine a ping may have failed before, and the next one not.
    const failedInARow = ({ domain }: Guest): string | undefined =>
      [...monitor.output.matchAll(new RegExp(`${domain.uuid}\\): failed ping (\\d+) in a row`, "g"))].at(-1)?.[1];
    assert.deepEqual([target, second, closing].map(failedInARow), ["3", "3", "5"]);
    const { notification } = rig.posted[0] ?? {};
    assert.deepEqual(
      { ...notification, generated_time: "", payload: { ...notification?.payload, instance_uuid: "" } },
      {
        type: "VM",
        hostname: "compute1",
        generated_time: "",
        payload: { event: "QEMU_GUEST_AGENT_ERROR", instance_uuid: "", vir_domain_event: "STOPPED_FAILED" },
      },
    );
  });

  test("what is undelivered is taken back when the guest answers again, and the monitor may be killed meanwhile", async (t) => {
    const connection = await host().connect(t);
    const [frozen, well] = await Promise.all([guestNamed(t, connection), guestNamed(t, connection)]);
    const rig = await IntrospectiveRig.create(t, host().libvirtd.uri);
    rig.refusing = true;
    const first = await rig.start();
    await Promise.all([watched(first, frozen), watched(first, well)]);

    // The guest as a whole: libvirt itself notices nothing.
    frozen.signal("SIGSTOP");
    await first.line(/reported after 3 failed pings/, REPORT_MS);
    await first.stop("SIGKILL");
    const monitor = await rig.start();
    frozen.signal("SIGCONT");
    await monitor.line(new RegExp(`superseded: .*${frozen.domain.uuid}`), REPORT_MS);
    rig.refusing = false;
    await monitor.line(new RegExp(`${frozen.domain.uuid}\\): its agent answers; `), 60_000);

    frozen.signal("SIGSTOP");
    await rig.untilNotified(frozen.domain.uuid, REPORT_MS);
    frozen.signal("SIGCONT");
    assert.deepEqual(
      [frozen, well].map(({ domain }) => rig.notificationCount(domain.uuid)),
      [1, 0],
    );
  });

  test("check_io spares a guest that reads its disk, and reports one that does nothing", async (t) => {
    const connection = await host().connect(t);
    const withDisk = async (path: string): Promise<Guest> => {
      await host().libvirtd.inside("truncate", "-s", "1M", path);
      return await guestNamed(t, connection, { devices: diskAt(path) });
    };
    const [busy, idle] = await Promise.all(["/var/lib/libvirt/a.raw", "/var/lib/libvirt/b.raw"].map(withDisk));
    assert.ok(busy && idle);
    const rig = await IntrospectiveRig.create(t, host().libvirtd.uri, { check_io: true });
    const monitor = await rig.start();
    await Promise.all([watched(monitor, busy), watched(monitor, idle)]);

    busy.send("x-hang-reading");
    idle.send("x-hang");
    await Promise.all([
      rig.untilNotified(idle.domain.uuid, REPORT_MS),
      monitor.line(new RegExp(`${busy.domain.uuid}.* uses its disks`), REPORT_MS),
    ]);
    assert.equal(rig.notificationCount(busy.domain.uuid), 0);
  });

  test("SIGHUP with another path pattern: all guests are looked at again", async (t) => {
    const connection = await host().connect(t);
    const guest = await guestNamed(t, connection);
    const { uri } = host().libvirtd;
    const rig = await IntrospectiveRig.create(t, uri, { qemu_guest_agent_sock_path: "/nowhere" });
    const monitor = await rig.start();
    await monitor.line(/watching 0 guests with an agent channel, of 1/, 60_000);
    await rig.configure(uri);
    monitor.signal("SIGHUP");
    await watched(monitor, guest);
  });

  test("libvirtd killed and started again: nothing is notified but what hangs, and that is", async (t) => {
    const libvirtd = await Libvirtd.start();
    t.after(() => libvirtd.stop());
    const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
    const guests = await Promise.all(
      ["instance-a", "instance-b", "instance-c"].map((name) => Guest.start(libvirtd, connection, name)),
    );
    const [dying, hanging, well] = guests;
    assert.ok(dying && hanging && well);
    const rig = await IntrospectiveRig.create(t, libvirtd.uri);
    const monitor = await rig.start();
    await Promise.all(guests.map((guest) => watched(monitor, guest)));

    await libvirtd.kill();
    dying.signal("SIGKILL");
    hanging.signal("SIGSTOP");
    await monitor.line(/ERROR.*Lost connection to libvirt/, 10_000);
    await libvirtd.restart();
    await monitor.line(/Connected to libvirt again after [\d.]+ s/, 60_000);
    await rig.untilNotified(hanging.domain.uuid, 60_000);
    hanging.signal("SIGCONT");
    assert.deepEqual(
      guests.map(({ domain }) => rig.notificationCount(domain.uuid)),
      [0, 1, 0],
    );
    assert.equal(monitor.output.match(/Lost connection to libvirt/g)?.length, 1);
  });
});
