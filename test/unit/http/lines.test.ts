import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ConnectionError, ResponseError, TimeoutError } from "../../../src/http/errors.ts";
import type { LineStream, StreamRequest, Transport, TransportOptions } from "../../../src/http/transport.ts";
import { type Handler, TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const streamOf = (url: string, more: Partial<StreamRequest> = {}): StreamRequest => ({
  ...get(url, { peer: "Kubernetes" }),
  idleTimeoutMs: 60_000,
  ...more,
});

async function open(transport: Transport, request: StreamRequest, signal = never): Promise<LineStream> {
  const response = await transport.stream(request, signal);
  if (!("lines" in response)) assert.fail(`status ${response.status}`);
  return response;
}

async function linesFrom(handler: Handler, more: Partial<StreamRequest> = {}): Promise<string[]> {
  await using server = await TestServer.start(handler);
  const transport = transportWith();
  try {
    const { lines } = await open(transport, streamOf(server.origin, more));
    const read: string[] = [];
    for await (const line of lines) read.push(line);
    return read;
  } finally {
    transport.close();
  }
}

/** A server whose response the test writes. */
class Watch implements AsyncDisposable {
  readonly server: TestServer;
  readonly #response: Promise<ServerResponse>;

  private constructor(server: TestServer, response: Promise<ServerResponse>) {
    this.server = server;
    this.#response = response;
  }

  static async start(): Promise<Watch> {
    const { promise, resolve } = Promise.withResolvers<ServerResponse>();
    const server = await TestServer.start((_, response) => {
      response.writeHead(200).flushHeaders();
      resolve(response);
    });
    return new Watch(server, promise);
  }

  async write(text: string): Promise<void> {
    (await this.#response).write(text);
  }

  async breakOff(): Promise<void> {
    (await this.#response).socket?.destroy();
  }

  /** The client has closed the connection. */
  async closed(): Promise<void> {
    const response = await this.#response;
    if (!response.destroyed) await once(response, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

suite("lines", () => {
  const text = '{"type":"ADDED","name":"é"}\r\n\n{"type":"BOOKMARK"}\n{"cut off"';

  test("come whole, wherever the server's parts are cut", async () => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const lines = await linesFrom((_, response) => {
        response.write(bytes.subarray(0, cut), () => setImmediate(() => response.end(bytes.subarray(cut))));
      });
      assert.deepEqual(
        lines,
        ['{"type":"ADDED","name":"é"}', "", '{"type":"BOOKMARK"}', '{"cut off"'],
        `cut at ${cut}`,
      );
    }
  });

  test("come one by one, each as soon as it is there", async () => {
    await using watch = await Watch.start();
    const transport = transportWith();
    const { lines } = await open(transport, streamOf(watch.server.origin));
    for (const line of ["first", "second"]) {
      await watch.write(`${line}\n`);
      assert.deepEqual(await lines.next(), { done: false, value: line });
    }
    transport.close();
  });

  test("are read up to the limit, and no further", async () => {
    const line: Handler = (_, response) => void response.end(`${"x".repeat(1000)}\ny\n`);
    assert.equal((await linesFrom(line, { maxLineBytes: 1000 })).length, 2);
    await assert.rejects(linesFrom(line, { maxLineBytes: 999 }), /Kubernetes at .* a line of more than 999 bytes/);
  });

  test("without an end are cut off", async () => {
    const endless: Handler = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    await assert.rejects(linesFrom(endless, { maxLineBytes: 100_000 }), ResponseError);
  });

  test("that are not taken are not read from the server", async () => {
    const part = "x\n".repeat(32_768);
    const parts = 1000;
    let sent = 0;
    await using server = await TestServer.start((request, response) => {
      if (request.path !== "/watch") return void response.end("ok");
      const more = (): void => {
        while (sent < parts && !response.destroyed) {
          sent += 1;
          if (!response.write(part)) return void response.once("drain", more);
        }
      };
      more();
    });
    const transport = transportWith();
    const { lines } = await open(transport, streamOf(`${server.origin}/watch`));
    await lines.next();
    // Time enough to receive everything, if it were received.
    for (let count = 0; count < 100; count += 1) await transport.send(get(server.origin), never);
    assert.ok(sent < parts, `${sent} parts sent`);
    await lines.return();
    transport.close();
  });
});

suite("the end of a stream", () => {
  test("is an error where the connection breaks in the middle", async () => {
    await using watch = await Watch.start();
    const transport = transportWith();
    const { lines } = await open(transport, streamOf(watch.server.origin));
    await watch.write("one\ntwo");
    assert.equal((await lines.next()).value, "one");
    await watch.breakOff();
    await assert.rejects(lines.next(), (error: unknown) => {
      assert.ok(error instanceof ConnectionError, String(error));
      assert.match(error.message, /Kubernetes at http:\/\/127\.0\.0\.1:\d+: the connection was closed before/);
      return true;
    });
    transport.close();
  });

  test("comes after the idle time-out without a byte, however long the stream has lasted", async () => {
    const clock = new VirtualClock();
    await using watch = await Watch.start();
    const transport = transportWith({ clock });
    const { lines } = await open(transport, streamOf(watch.server.origin));
    for (let minutes = 0; minutes < 3; minutes += 1) {
      const next = lines.next();
      await clock.advance(59_999);
      await watch.write("bookmark\n");
      assert.equal((await next).value, "bookmark");
    }
    const failed = assert.rejects(lines.next(), (error: unknown) => {
      assert.ok(error instanceof TimeoutError, String(error));
      assert.match(error.message, /Kubernetes .* has sent nothing for 60 s/);
      return true;
    });
    await clock.advance(60_000);
    await failed;
    await watch.closed();
    assert.equal(clock.timers, 0);
    transport.close();
  });

  test("is the signal's, with its reason, while a line is waited for", async () => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    await using watch = await Watch.start();
    const transport = transportWith({ clock });
    const { lines } = await open(transport, streamOf(watch.server.origin), caller.signal);
    const failed = assert.rejects(lines.next(), /shutting down/);
    caller.abort(new Error("shutting down"));
    await failed;
    await watch.closed();
    assert.equal(clock.timers, 0);
    transport.close();
  });

  test("is the signal's also where nobody has begun to read the lines", async () => {
    const caller = new AbortController();
    await using watch = await Watch.start();
    const transport = transportWith();
    const { lines } = await open(transport, streamOf(watch.server.origin), caller.signal);
    caller.abort(new Error("shutting down"));
    await watch.closed();
    await assert.rejects(lines.next(), /shutting down/);
    transport.close();
  });

  test("is the reader's, who leaves the loop", async () => {
    await using watch = await Watch.start();
    const transport = transportWith();
    const { lines } = await open(transport, streamOf(watch.server.origin));
    await watch.write("one\n");
    for await (const line of lines) {
      assert.equal(line, "one");
      break;
    }
    await watch.closed();
    transport.close();
  });
});

suite("the response to a stream's request", () => {
  test("is whole and bounded where it is no success", async () => {
    await using server = await TestServer.start((_, response) => void response.writeHead(410).end("too old"));
    const ask = async (options: Partial<TransportOptions> = {}) => {
      const transport = transportWith(options);
      return await transport.stream(streamOf(server.origin), never).finally(() => transport.close());
    };
    const response = await ask();
    assert.deepEqual([response.status, "body" in response && response.body.toString()], [410, "too old"]);
    await assert.rejects(ask({ maxResponseBytes: 6 }), /larger than 6 bytes/);
  });

  test("has the time-out of a request until its headers", async () => {
    const clock = new VirtualClock();
    const arrived = Promise.withResolvers<void>();
    await using server = await TestServer.start(() => arrived.resolve());
    const transport = transportWith({ clock });
    const failed = assert.rejects(transport.stream(streamOf(server.origin), never), TimeoutError);
    await arrived.promise;
    await clock.advance(10_000);
    await failed;
    transport.close();
  });

  test("is an error where it is compressed, which was not asked for", async () => {
    const packed: Handler = (request, response) => {
      assert.equal(request.headers["accept-encoding"], "identity");
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync("line\n"));
    };
    await assert.rejects(linesFrom(packed), ResponseError);
  });

  test("takes no connection from the requests of the same transport", async () => {
    const held: ServerResponse[] = [];
    await using server = await TestServer.start((request, response) => {
      if (request.path !== "/watch") return void response.end("ok");
      response.writeHead(200).flushHeaders();
      held.push(response);
    });
    const transport = transportWith();
    await Promise.all(Array.from({ length: 10 }, () => open(transport, streamOf(`${server.origin}/watch`))));
    assert.equal((await transport.send(get(server.origin), never)).body.toString(), "ok");
    transport.close();
  });
});
