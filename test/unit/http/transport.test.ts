import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { ResponseError, TimeoutError } from "../../../src/http/errors.ts";
import type { TransportOptions } from "../../../src/http/transport.ts";
import { type Handler, TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

async function bodyFor(handler: Handler, options: Partial<TransportOptions> = {}): Promise<string> {
  await using server = await TestServer.start(handler);
  const transport = transportWith(options);
  try {
    return (await transport.send(get(server.origin), never)).body.toString("utf8");
  } finally {
    transport.close();
  }
}

suite("time", () => {
  test("a server that accepts and never answers ends in a TimeoutError after the time-out, not before", async () => {
    const clock = new VirtualClock();
    const arrived = Promise.withResolvers<void>();
    await using server = await TestServer.start(() => arrived.resolve());
    const transport = transportWith({ clock, timeoutMs: 30_000 });
    const outcome = transport.send(get(server.origin), never).catch((error: unknown) => error);
    await arrived.promise;
    await clock.advance(29_999);
    assert.equal(await Promise.race([outcome, Promise.resolve("waiting")]), "waiting");
    await clock.advance(1);
    const error = await outcome;
    assert.ok(error instanceof TimeoutError);
    assert.match(error.message, /the Masakari API at http:\/\/127\.0\.0\.1:\d+ within 30 s/);
    assert.equal(clock.timers, 0);
    transport.close();
  });

  test("the option that sets the time-out is named as its user calls it, and only if the time-out is that option's", async () => {
    const clock = new VirtualClock();
    const transport = transportWith({ clock, optionNames: { timeout: "[consul] timeout" } });
    const messageAfter = async (timeoutMs: number, own?: number): Promise<string> => {
      const arrived = Promise.withResolvers<void>();
      await using server = await TestServer.start(() => arrived.resolve());
      const outcome = transport
        .send(get(server.origin, { timeoutMs: own }), never)
        .catch((error: Error) => error.message);
      await arrived.promise;
      await clock.advance(timeoutMs);
      return String(await outcome);
    };
    assert.match(await messageAfter(10_000), /within 10 s \(\[consul\] timeout\)$/);
    assert.match(await messageAfter(2000, 2000), /within 2 s$/);
    transport.close();
  });

  test("the time-out covers a body that never ends", async () => {
    const clock = new VirtualClock();
    const half = Promise.withResolvers<void>();
    await using server = await TestServer.start((_, response) => {
      response.writeHead(200, { "Content-Length": "10" });
      response.write("12345", () => half.resolve());
    });
    const transport = transportWith({ clock });
    const outcome = transport.send(get(server.origin), never);
    const failed = assert.rejects(outcome, TimeoutError);
    await half.promise;
    await clock.advance(10_000);
    await failed;
    transport.close();
  });

  test("a caller that gives up gets its own reason, and leaves no timer behind", async () => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    await using server = await TestServer.start(() => caller.abort(new Error("shutting down")));
    const transport = transportWith({ clock });
    await assert.rejects(transport.send(get(server.origin), caller.signal), /shutting down/);
    await assert.rejects(transport.send(get(server.origin), caller.signal), /shutting down/);
    assert.equal(server.requests.length, 1);
    assert.equal(clock.timers, 0);
    transport.close();
  });
});

suite("body", () => {
  for (const [name, encoding, pack] of [
    ["gzip", "gzip", gzipSync],
    ["deflate", "deflate", deflateSync],
    ["bare deflate", "deflate", deflateRawSync],
  ] as const) {
    test(`${name} is unpacked`, async () => {
      const body = await bodyFor((_, response) => {
        response.writeHead(200, { "Content-Encoding": encoding }).end(pack("héllo"));
      });
      assert.equal(body, "héllo");
    });
  }

  test("what is not of the form that it claims is an error", async () => {
    const broken: Handler = (_, response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end("plain");
    await assert.rejects(bodyFor(broken), ResponseError);
    const unknown: Handler = (_, response) => void response.writeHead(200, { "Content-Encoding": "br" }).end("x");
    await assert.rejects(bodyFor(unknown), /not readable as br/);
  });

  test("a body is read up to the limit, and no further", async () => {
    const sized =
      (bytes: number): Handler =>
      (_, response) =>
        void response.end("x".repeat(bytes));
    assert.equal((await bodyFor(sized(1000), { maxResponseBytes: 1000 })).length, 1000);
    await assert.rejects(bodyFor(sized(1001), { maxResponseBytes: 1000 }), /larger than 1000 bytes/);
  });

  test("an endless body is cut off", async () => {
    const endless: Handler = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    await assert.rejects(bodyFor(endless, { maxResponseBytes: 100_000 }), /larger than 100000 bytes/);
  });

  test("a small body that unpacks to a huge one is cut off", async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000));
    const bomb: Handler = (_, response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end(packed);
    await assert.rejects(bodyFor(bomb, { maxResponseBytes: 1_000_000 }), /larger than 1000000 bytes/);
  });
});
