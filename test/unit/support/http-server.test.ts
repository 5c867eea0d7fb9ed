import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { json, TestServer } from "../../support/http-server.ts";

test("a client that ends before it has sent all of a request leaves no failure behind", async () => {
  await using server = await TestServer.start((_, response) => json(response, 200, {}));
  const client = connect(Number(new URL(server.origin).port), "127.0.0.1");
  const [accepted] = (await once(server.server, "connection")) as [Socket];
  const begun = once(server.server, "request");
  client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  await begun;
  const closed = new Promise((resolve) => accepted.once("close", resolve));
  client.destroy();
  await closed;
  assert.deepEqual(server.requests, []);
});
