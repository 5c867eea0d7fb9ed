import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { suite, test } from "node:test";
import { ConnectionError } from "../../../src/http/errors.ts";
import { type Handler, TestServer } from "../../support/http-server.ts";
import { get, never, transportWith } from "../../support/transport.ts";

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
    await assert.rejects(transport.send(get(server.origin), never), /closed before the response was complete/);
    assert.equal(server.requests.length, 1);
    transport.close();
  });

  test("a response that breaks off is not asked for again", async () => {
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

  test("a response that breaks off in its headers is not asked for again", async (t) => {
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

  test("a refused one leads to an error with the peer and what to check", async () => {
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
        error.code === "HTTP_CONNECTION" &&
        error.message.startsWith(`no response from the Masakari API at http://127.0.0.1:${port}: connection refused`),
    );
  });

  test("a URL that is none is not quoted: it may hold a password", async () => {
    await assert.rejects(
      transportWith().send(get("htp:/user:secret@host"), never),
      (error: Error) => !error.message.includes("secret"),
    );
  });
});
