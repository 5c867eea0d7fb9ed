import assert from "node:assert/strict";
import { test } from "node:test";
import { ping } from "../../../src/introspective/ping.ts";
import { noSession } from "../../../src/introspective/session.ts";
import { CallTimeoutError, type Connection, type LibvirtError, ServerError } from "../../../src/libvirt/mod.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A libvirt that ends each ping as its guest is called; what never ends does so by the call's own time-out. */
function libvirt() {
  const clock = new VirtualClock();
  const aborted: LibvirtError[] = [];
  const connection = {
    async agentCommand({ uuid }: { uuid: string }, _: string, timeoutS: number, { timeoutMs }: { timeoutMs: number }) {
      const after = async (ms: number) => await clock.sleep(ms, new AbortController().signal);
      if (uuid === "well") return "{}";
      if (uuid === "hung") {
        await after(timeoutS * 1000);
        throw new ServerError("agent command", 86, 10, "Guest agent is not responding");
      }
      await after(timeoutMs);
      throw new CallTimeoutError("libvirt did not answer");
    },
    close: async (error: LibvirtError) => void aborted.push(error),
  } as unknown as Connection;
  const session = { ...noSession(), connection };
  return { clock, aborted, ping: (uuid: string) => ping(session, connection, clock, uuid, 2) };
}

test("a libvirt that responds to no ping at all loses its connection", async () => {
  const { clock, aborted, ping } = libvirt();
  assert.equal((await ping("well")).outcome, "responded");
  await clock.advance(10_000);
  const stuck = ping("stuck");
  await clock.advance(60_000);
  assert.equal((await stuck).outcome, "unknown");
  assert.match(aborted[0]?.message ?? "", /did not answer/);
});

test("a guest that libvirt is stuck with costs the others nothing, whether they are well or hang", async () => {
  for (const other of ["well", "hung"]) {
    const { clock, aborted, ping } = libvirt();
    const stuck = ping("stuck");
    await clock.advance(10_000);
    const pinged = ping(other);
    await clock.advance(60_000);
    await pinged;
    assert.equal((await stuck).outcome, "unknown");
    assert.deepEqual(aborted, [], other);
  }
});
