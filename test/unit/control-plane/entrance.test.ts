import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { newHttpServer } from "../../../src/control-plane/http/server.ts";
import { Certificates } from "../../support/certificates.ts";
import { callMasakari, logIn, startFor } from "../../support/control-plane.ts";

/** Sends a request line as it is written, and returns the response's status. */
async function statusOf(base: string, requestLine: string): Promise<number> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.end(`${requestLine} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`);
  let response = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    response += text;
  });
  await once(socket, "close");
  return Number(/^HTTP\/1\.1 (\d+)/.exec(response)?.[1]);
}

const resources = ["segments", "notifications", "segments/x/hosts", "extensions", ""];
const prefixes = [
  ...["/v1/", "//v1/", "///v1//", "/v1//", "/%761/", "/v%31/", "//%76%31/"],
  ...["http://127.0.0.1/v1/", "http://127.0.0.1//v1/", "HTTPS://elsewhere:1/v1/", "x://y/v1/"],
];

test("whatever way its URL is spelt, no route under /v1 is reached without a token", async (context) => {
  const cloud = await startFor(context);
  for (const prefix of prefixes) {
    for (const resource of resources) {
      const url = prefix + resource;
      assert.equal(await statusOf(cloud.masakariUrl, `GET ${url}`), 401, url);
    }
  }
});

test("no URL is answered with 500", async (context) => {
  const cloud = await startFor(context);
  const odd = [
    "//",
    "/",
    "?",
    "//?x",
    "//[",
    "http://[",
    "http://[/v3",
    "x://",
    "//[/v3/auth/tokens",
    "/%",
    "/v1/%zz",
    "*",
  ];
  for (const base of [cloud.masakariUrl, cloud.keystoneUrl]) {
    for (const url of [...odd, ...prefixes, "//v3/auth/tokens", "http://h/v3/auth/tokens", "//v3/auth/tokens?%"]) {
      for (const method of ["GET", "POST", "OPTIONS", "HEAD", "DELETE"]) {
        const status = await statusOf(base, `${method} ${url}`);
        assert.ok(status < 500, `${method} ${url}: ${status}`);
      }
    }
  }
});

test("clients that are slow or idle lock nobody out", async (context) => {
  const cloud = await startFor(context);
  const token = await logIn(cloud);
  const slow: Socket[] = [];
  context.after(() => {
    for (const socket of slow) socket.destroy();
  });
  for (const base of [cloud.keystoneUrl, cloud.masakariUrl]) {
    const { hostname, port } = new URL(base);
    for (let number = 0; number < 1100; number += 1) {
      const socket = connect(Number(port), hostname).on("error", () => undefined);
      // Half of them send no whole head, the others no whole body.
      if (number % 2 === 0) socket.write("GET /v1/segments HTTP/1.1\r\nHost: x\r\n");
      else socket.write("POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
      slow.push(socket);
      if (number % 50 === 0) await once(socket, "connect");
    }
    await logIn(cloud);
    assert.equal((await callMasakari(cloud, token, "GET", "/segments")).status, 200);
  }
});

test("clients that begin no TLS handshake lock nobody out, and are closed before one that sends requests", async (context) => {
  using certificates = new Certificates();
  const { cert, key } = certificates.issue("server", "IP:127.0.0.1");
  const app = newHttpServer({ tls: { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") } });
  app.get("/", (_request, reply) => reply.send("here"));
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const silent: Socket[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(certificates.ca) });
  context.after(async () => {
    for (const socket of silent) socket.destroy();
    agent.destroy();
    await app.close();
  });
  const get = async (): Promise<boolean> => {
    const sent = request({ host: "127.0.0.1", port, agent }).end();
    const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
    await once(response.resume(), "end");
    return sent.reusedSocket;
  };
  await get();
  for (let number = 0; number < 600; number += 1) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    silent.push(socket);
    await once(socket, "connect");
    if (number % 100 === 0) assert.equal(await get(), true, "the connection that is used stays open");
  }
  assert.equal(await get(), true);
  const open = await new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  assert.ok(open <= 256, `${open} connections are open`);
});
