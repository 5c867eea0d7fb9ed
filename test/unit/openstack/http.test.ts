import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { suite, test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { ConnectionError, OpenStackError, ResponseError, TimeoutError } from "../../../src/openstack/errors.ts";
import { createTransport, type HttpRequest, type TransportOptions } from "../../../src/openstack/http.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { type Handler, TestServer } from "../../support/http-server.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const never = new AbortController().signal;

const transportWith = (options: Partial<TransportOptions> = {}) =>
  createTransport({ userAgent: "test", clock: systemClock, timeoutMs: 10_000, ...options });

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url,
  peer: "the Masakari API",
  headers: { Accept: "*/*" },
  ...more,
});

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

  test("what is not what it says to be is an error", async () => {
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

suite("connections", () => {
  test("are kept and used again", async () => {
    await using server = await TestServer.start((_, response) => void response.end("ok"));
    const transport = transportWith();
    for (let count = 0; count < 3; count += 1) await transport.send(get(server.origin), never);
    assert.deepEqual(
      server.requests.map(({ connection }) => connection),
      [1, 1, 1],
    );
    transport.close();
  });

  test("are bounded, however many requests there are at once", async () => {
    await using server = await TestServer.start((_, response) => void setImmediate(() => response.end("ok")));
    const transport = transportWith();
    await Promise.all(Array.from({ length: 50 }, () => transport.send(get(server.origin), never)));
    assert.equal(server.requests.length, 50);
    assert.ok(Math.max(...server.requests.map(({ connection }) => connection)) <= 10);
    transport.close();
  });

  /** Answers the first request on a connection, and breaks the connection on the second: as if it had just closed it. */
  const breaksWhenReused: Handler = (() => {
    const seen = new Set<number>();
    return (request, response) => {
      if (seen.has(request.connection)) response.socket?.destroy();
      else response.end("ok");
      seen.add(request.connection);
    };
  })();

  test("one that turns out closed is replaced, for what may be repeated", async () => {
    await using server = await TestServer.start(breaksWhenReused);
    const transport = transportWith();
    await transport.send(get(server.origin), never);
    const again = await transport.send(get(server.origin, { method: "POST", body: "{}", repeatable: true }), never);
    assert.equal(again.status, 200);
    assert.equal(server.requests.length, 3);
    transport.close();
  });

  test("a POST that may not be repeated is not", async () => {
    const seen = new Set<number>();
    await using server = await TestServer.start((request, response) => {
      if (seen.has(request.connection)) response.socket?.destroy();
      else response.end("ok");
      seen.add(request.connection);
    });
    const transport = transportWith();
    await transport.send(get(server.origin), never);
    await assert.rejects(transport.send(get(server.origin, { method: "POST", body: "{}" }), never), ConnectionError);
    assert.equal(server.requests.length, 2);
    transport.close();
  });

  test("a fresh connection that breaks is an error at once", async () => {
    await using server = await TestServer.start((_, response) => void response.socket?.destroy());
    const transport = transportWith();
    await assert.rejects(transport.send(get(server.origin), never), /closed before an answer came/);
    assert.equal(server.requests.length, 1);
    transport.close();
  });

  test("an answer that breaks off is not asked for again", async () => {
    let count = 0;
    await using server = await TestServer.start((_, response) => {
      count += 1;
      if (count === 1) return void response.end("ok");
      response.writeHead(200, { "Content-Length": "10" });
      response.write("123", () => response.socket?.destroy());
    });
    const transport = transportWith();
    await transport.send(get(server.origin), never);
    await assert.rejects(transport.send(get(server.origin), never), ConnectionError);
    assert.equal(count, 2);
    transport.close();
  });

  test("an answer that breaks off in its headers is not asked for again", async (t) => {
    let count = 0;
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => {
        count += 1;
        if (count === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        else socket.write("HTTP/1.1 20", () => socket.destroy());
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
    const transport = transportWith();
    t.after(() => {
      transport.close();
      server.close();
    });
    await transport.send(get(url), never);
    await assert.rejects(transport.send(get(url), never), ConnectionError);
    assert.equal(count, 2);
  });

  test("a refused one says whom and what to check", async () => {
    const closed = createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    const port = typeof address === "object" ? address?.port : undefined;
    closed.close();
    await once(closed, "close");
    const transport = transportWith();
    await assert.rejects(
      transport.send(get(`http://user:secret@127.0.0.1:${port}/v3`), never),
      (error: unknown) =>
        error instanceof ConnectionError &&
        error.code === "OPENSTACK_CONNECTION" &&
        error.message.startsWith(`no answer from the Masakari API at http://127.0.0.1:${port}: connection refused`),
    );
  });

  test("a URL that is none is not quoted: it may hold a password", async () => {
    await assert.rejects(
      transportWith().send(get("htp:/user:secret@host"), never),
      (error: Error) => !error.message.includes("secret"),
    );
  });
});

suite("redirects", () => {
  test("are followed with method, body and token as long as they stay on the host", async () => {
    await using server = await TestServer.start((request, response) => {
      if (request.path === "/here") return void response.writeHead(301, { Location: "/there" }).end();
      response.end("ok");
    });
    const transport = transportWith();
    const request = get(`${server.origin}/here`, { method: "POST", body: "{}", headers: { "X-Auth-Token": "t" } });
    assert.equal((await transport.send(request, never)).body.toString(), "ok");
    const { method, path, body, headers } = server.requests[1] ?? assert.fail("one request only");
    assert.deepEqual([method, path, body, headers["x-auth-token"]], ["POST", "/there", "{}", "t"]);
    transport.close();
  });

  test("to another host do not get our secrets", async () => {
    await using server = await TestServer.start((_, response) => {
      response.writeHead(302, { Location: "http://localhost:1/" }).end();
    });
    const transport = transportWith();
    await assert.rejects(transport.send(get(server.origin), never), /redirects to http:\/\/localhost:1/);
    transport.close();
  });

  test("to another port of the same host do not get our secrets", async () => {
    await using other = await TestServer.start((_, response) => void response.end("got it"));
    await using server = await TestServer.start((_, response) => {
      response.writeHead(307, { Location: `${other.origin}/v3/auth/tokens` }).end();
    });
    const transport = transportWith();
    const request = get(server.origin, { method: "POST", body: "password", headers: { "X-Auth-Token": "t" } });
    await assert.rejects(transport.send(request, never), /redirects to .*credentials are not sent/);
    assert.equal(other.requests.length, 0);
    transport.close();
  });

  for (const location of ["http://[bad", "//", "ftp://127.0.0.1/", "javascript:x"]) {
    test(`to ${location} are an error of the answer`, async () => {
      await using server = await TestServer.start((_, response) => {
        response.writeHead(302, { Location: location }).end();
      });
      const transport = transportWith();
      const error = await transport.send(get(server.origin), never).catch((caught: unknown) => caught);
      assert.ok(error instanceof ResponseError, String(error));
      assert.match(error.message, /redirects to what is no http:\/\/ or https:\/\/ URL/);
      transport.close();
    });
  }

  test("in a circle end", async () => {
    await using server = await TestServer.start((_, response) => {
      response.writeHead(302, { Location: "/" }).end();
    });
    const transport = transportWith();
    await assert.rejects(transport.send(get(server.origin), never), /in a circle/);
    transport.close();
  });
});

test("a proxy of the environment is used, but not for what no_proxy names", async () => {
  await using target = await TestServer.start((_, response) => void response.end("direct"));
  await using proxy = await TestServer.start((_, response) => void response.end("through the proxy"));
  const url = `${target.origin}/v1`;
  const proxied = transportWith({ environment: { http_proxy: proxy.origin }, proxyLoopback: true });
  assert.equal((await proxied.send(get(url), never)).body.toString(), "through the proxy");
  assert.equal(proxy.requests[0]?.path, url);
  const excepted = transportWith({
    environment: { http_proxy: proxy.origin, no_proxy: "127.0.0.0/8" },
    proxyLoopback: true,
  });
  assert.equal((await excepted.send(get(url), never)).body.toString(), "direct");
  proxied.close();
  excepted.close();
});

suite("a proxy that does not serve", () => {
  const failure = async (proxy: string): Promise<string> => {
    const transport = transportWith({ environment: { http_proxy: proxy } });
    const error = await transport.send(get("http://masakari.example/v1"), never).catch((caught: unknown) => caught);
    transport.close();
    assert.ok(error instanceof OpenStackError, String(error));
    return error.message;
  };

  test("is named, because nobody remembers that it is there; its password is not", async () => {
    const message = await failure("http://user:hidden@127.0.0.1:1/");
    assert.match(message, /masakari\.example \(through the proxy http:\/\/127\.0\.0\.1:1\): connection refused/);
    assert.doesNotMatch(message, /hidden/);
  });

  for (const proxy of [
    "http://user:hidden@[bad",
    "socks5://user:hidden@127.0.0.1:1",
    "http://user:hidden@127.0.0.1:x",
  ]) {
    test(`${proxy} is refused without being quoted`, async () => {
      assert.match(await failure(proxy), /^the proxy in the environment \(http_proxy or all_proxy\) is no http/);
    });
  }
});
