import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Connection } from "../../src/libvirt/connection.ts";
import type { Child } from "../support/child.ts";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

/** libvirt's own guest-sync makes each failed ping after the first one take 5 s. */
const REPORT_MS = 30_000;

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
    monitor.line(new RegExp(`${guest.domain.uuid}\\): its agent answers; `), 20_000, from);

  test("a guest whose agent hangs is notified once, at the third failed ping, and its neighbour never", async (t) => {
    const connection = await host().connect(t);
    const [victim, well] = [await guestNamed(t, connection), await guestNamed(t, connection)];
    const rig = await IntrospectiveRig.create(t, host().libvirtd.uri);
    const monitor = await rig.start();
    await Promise.all([watched(monitor, victim), watched(monitor, well)]);

    victim.tell("x-hang");

    await rig.told(victim.domain.uuid, REPORT_MS);
    await monitor.line(/failed ping 3 in a row/, 1000);
    assert.deepEqual(
      rig.posted.map(({ notification }) => ({ ...notification, generated_time: "" })),
      [
        {
          type: "VM",
          hostname: "compute1",
          generated_time: "",
          payload: {
            event: "QEMU_GUEST_AGENT_ERROR",
            instance_uuid: victim.domain.uuid,
            vir_domain_event: "STOPPED_FAILED",
          },
        },
      ],
    );
    assert.doesNotMatch(monitor.output, /failed ping 4 in a row/);
  });
});
