import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Connection } from "../../../src/libvirt/connection.ts";
import { ConnectionLostError, UriError } from "../../../src/libvirt/errors.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { type MaintainOptions, maintainConnection } from "../../../src/libvirt/reconnect.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { LibvirtServer } from "../../support/libvirt-server.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const inTime = 60_000;

async function scene(t: TestContext, changes: Partial<MaintainOptions> = {}) {
  const server = await LibvirtServer.start();
  t.after(() => server[Symbol.asyncDispose]());
  const stop = new AbortController();
  const connections: Connection[] = [];
  const losses: string[] = [];
  const log = new KeptLog();
  const options: MaintainOptions = {
    clock: systemClock,
    log,
    consequence: "The guests are not watched",
    backoff: { firstMs: 1, maxMs: 4, maxAfterConnectionMs: 2 },
    onConnected: (connection) => void connections.push(connection),
    onLost: (error) => losses.push(error.message),
    ...changes,
  };
  const keep = (uri = server.uri): Promise<void> => {
    const kept = maintainConnection(uri, options, stop.signal);
    t.after(async () => {
      stop.abort();
      await kept.catch(() => undefined);
    });
    return kept;
  };
  return { server, stop, connections, losses, log, keep };
}

/** Real, but no sleep takes any time: it only records how long it would have been. */
function impatient(sleeps: number[], stop: AbortController, after: number): Clock {
  return {
    ...systemClock,
    sleep: (delayMs) => {
      sleeps.push(delayMs);
      if (sleeps.length === after) stop.abort();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("keeping connected to libvirt", () => {
  it("connects again after each loss, and reports each once", async (t) => {
    const { server, connections, losses, log, keep } = await scene(t);
    void keep();
    for (let times = 1; times <= 3; times++) {
      await eventually("a connection", inTime, () => connections.length === times || undefined);
      server.drop();
      await eventually("its loss", inTime, () => losses.length === times || undefined);
    }
    await eventually("the last connection", inTime, () => connections.length === 4 || undefined);
    await eventually("a line for each", inTime, () => log.lines.length === 6 || undefined);
    const lossAndReturn = ["error Lost connection to", "info Connected to libvirt"];
    assert.deepEqual(
      log.lines.map((line) => line.split(" ").slice(0, 4).join(" ")),
      [lossAndReturn, lossAndReturn, lossAndReturn].flat(),
    );
  });

  it("reports one loss, and logs one line, for an outage of many tries", async (t) => {
    const { connections, losses, log, server, keep } = await scene(t);
    let tries = 0;
    server.on(procedures.connectOpen, (call) => {
      tries += 1;
      if (tries < 6) call.fail(1, "not yet");
      else call.reply(undefined);
    });
    void keep();
    await eventually("the connection", inTime, () => connections.length === 1 || undefined);
    await eventually(
      "the good news",
      inTime,
      () => log.lines.at(-1)?.startsWith("info Connected to libvirt again after ") || undefined,
    );
    assert.equal(losses.length, 1);
    assert.match(losses[0] ?? "", /not yet/);
    assert.equal(log.lines.length, 2);
    assert.match(
      log.lines[0] ?? "",
      /^error Cannot connect to libvirt: .*not yet.*; retrying\. The guests are not watched$/,
    );
  });

  for (const [random, sleeps] of [
    [0.999_999_999, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]],
    [0, [250, 500, 1000, 2000, 4000, 5000, 5000]],
  ] as const) {
    it(`waits twice as long after each try, up to the most, spread by chance (${random})`, async () => {
      const slept: number[] = [];
      const stop = new AbortController();
      const options = {
        clock: impatient(slept, stop, 7),
        log: new KeptLog(),
        backoff: { firstMs: 500, maxMs: 10_000, maxAfterConnectionMs: 1000 },
        random: () => random,
        onConnected: () => undefined,
      };
      await maintainConnection("qemu+unix:///system?socket=/nowhere/libvirt-sock", options, stop.signal);
      assert.deepEqual(slept.map(Math.round), sleeps);
    });
  }

  it("tries a libvirtd that comes and goes again within a second each time, however often", async (t) => {
    const slept: number[] = [];
    const stop = new AbortController();
    const { server } = await scene(t);
    const options = {
      clock: impatient(slept, stop, 12),
      log: new KeptLog(),
      random: () => 0.999_999_999,
      onConnected: (connection: Connection) =>
        void setImmediate(() => connection.close(new ConnectionLostError("gone again"))),
    };
    server.on(procedures.connectOpen, (call) => {
      if (slept.length < 4) call.fail(1, "not yet");
      else call.reply(undefined);
    });
    await maintainConnection(server.uri, options, stop.signal);
    assert.deepEqual(slept.map(Math.round), [250, 500, 1000, 2000, ...Array(8).fill(1000)]);
  });

  it("reports that it waits for a reply before it gives up, and then how that ended", async (t) => {
    const clock = new VirtualClock();
    const reasons: string[] = [];
    const { server, log, losses, connections, keep } = await scene(t, {
      clock,
      onUnavailable: (reason) => reasons.push(reason),
    });
    const asked = new Promise<void>((resolve) => {
      server.on(procedures.authList, (call) => {
        resolve();
        setTimeout(() => void clock.advance(3000).then(() => call.reply({ types: [0] })));
      });
    });
    void keep();
    await asked;
    await eventually("the connection", inTime, () => connections.length === 1 || undefined);
    await eventually(
      "the good news",
      inTime,
      () => log.lines.at(-1)?.startsWith("info Connected to libvirt again") || undefined,
    );
    assert.match(
      reasons.join("\n"),
      /^libvirt at \S+ accepts the connection and does not respond: .*max_clients.* \(after 3 s\)$/,
    );
    assert.deepEqual(losses, reasons);
  });

  it("takes a set-up that fails for a loss, closes that connection and tries again", async (t) => {
    let times = 0;
    const { server, losses, keep } = await scene(t, {
      onConnected: () => {
        times += 1;
        if (times < 3) throw new Error("cannot register");
      },
    });
    void keep();
    await eventually("the third time", inTime, () => times === 3 || undefined);
    assert.deepEqual(losses, ["cannot register"]);
    const closed = server.clients.slice(0, 2).map(({ socket }) => socket.destroyed || socket.readableEnded);
    assert.deepEqual(closed, [true, true]);
  });

  it("aborts whoever sets up when the connection is gone, and does not wait for them", async (t) => {
    const aborted: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    const { server, losses, keep } = await scene(t, {
      onConnected: (_, connected) => {
        begun.resolve();
        return new Promise(() => connected.addEventListener("abort", () => aborted.push(connected.reason)));
      },
    });
    void keep();
    await begun.promise;
    server.drop();
    await eventually("the loss", inTime, () => losses.length === 1 || undefined);
    assert.equal(aborted.length, 1);
  });

  it("ends when its signal aborts, and closes the connection to the server", async (t) => {
    const { server, stop, connections, losses, keep } = await scene(t);
    let closes = 0;
    server.on(procedures.connectClose, (call) => {
      closes += 1;
      call.reply(undefined);
    });
    const kept = keep();
    await eventually("the connection", inTime, () => connections.length === 1 || undefined);
    stop.abort();
    await kept;
    assert.equal(closes, 1);
    assert.deepEqual(losses, []);
    assert.equal(await connections[0]?.closed, undefined);
  });

  it("ends while it waits for the next try", async (t) => {
    const { stop, losses, keep } = await scene(t, {
      backoff: { firstMs: 60_000, maxMs: 60_000, maxAfterConnectionMs: 60_000 },
    });
    const kept = keep("qemu+unix:///system?socket=/nowhere/libvirt-sock");
    await eventually("the first failure", inTime, () => losses.length === 1 || undefined);
    stop.abort();
    await kept;
  });

  it("does not try for ever with a URI that cannot be right", async (t) => {
    const { keep } = await scene(t);
    await assert.rejects(keep("qemu+ssh://compute-1/system"), UriError);
  });
});
