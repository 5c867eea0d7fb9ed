import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import {
  callMasakari,
  collectingLogger,
  logIn,
  passwordLogin,
  startTestControlPlane,
} from "../../support/control-plane.ts";
import { eventually } from "../../support/eventually.ts";
import { assertAsyncProperty } from "../../support/seeds.ts";

/** What a mutation puts into a request, by name: a failure shows it in a line. */
const insertions: Readonly<Record<string, string>> = {
  ...{
    nul: "\0",
    newline: "\n",
    line: "\r\n",
    end: "\r\n\r\n",
    blank: " ",
    colon: ":",
    percent: "%",
    parent: "/../",
    zero: "0",
  },
  ...{
    bytes: "\x80\xff",
    chunked: "Transfer-Encoding: chunked\r\n",
    upgrade: "Upgrade: h2c\r\n",
    expect: "Expect: 100-continue\r\n",
  },
  ...{
    short: "Content-Length: 5\r\n",
    endless: "Content-Length: 99999999999999999999\r\n",
    next: "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  },
  ...{ header: `X: ${"y".repeat(20_000)}\r\n`, huge: "a".repeat(200_000), nested: "[".repeat(5_000) },
};
const place = fc.double({ min: 0, max: 1, noNaN: true });
const mutation = fc.oneof(
  fc.record({ at: place, insert: fc.constantFrom(...Object.keys(insertions)) }),
  fc.record({ at: place, overwrite: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ at: place, remove: fc.nat(60) }),
);
const exchange = fc.record({
  service: fc.constantFrom("keystone" as const, "masakari" as const),
  request: fc.nat(3),
  mutations: fc.array(mutation, { maxLength: 4 }),
  /** Where the bytes are cut, so that they come in pieces. */
  cuts: fc.array(place, { maxLength: 4 }),
  ending: fc.constantFrom("end" as const, "reset" as const, "silence" as const),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer Value> ? Value : never;

describe("bytes that are hardly HTTP", () => {
  const log = collectingLogger();
  let cloud: ControlPlane;
  let token: string;
  let sockets: number;

  before(async () => {
    cloud = await startTestControlPlane({ log });
    token = await logIn(cloud);
    sockets = openSockets();
  });
  after(() => cloud.close());

  test("get no 5xx, crash nothing and leave no connection behind", async () => {
    const silent: Socket[] = [];
    await assertAsyncProperty(
      fc.asyncProperty(exchange, async (given) => {
        const { socket, response } = await send(given, cloud, token);
        if (given.ending === "silence") silent.push(socket);
        for (const [line] of response.matchAll(/^HTTP\/1\.1 \d+.*$/gm)) assert.match(line, /^HTTP\/1\.1 [1-4]\d\d /);
      }),
      { numRuns: 300 },
    );
    assert.equal((await callMasakari(cloud, token, "GET", "/segments")).status, 200);
    assert.deepEqual(log.lines, []);
    for (const socket of silent) socket.destroy();
    await eventually(`no more than ${sockets} sockets`, 60_000, () => openSockets() <= sockets || undefined);
  });
});

/** Sends a mutated request, and returns what came back when the server closed the connection, or soon after the last byte. */
async function send(given: Exchange, cloud: ControlPlane, token: string) {
  const url = new URL(given.service === "keystone" ? cloud.keystoneUrl : cloud.masakariUrl);
  const bytes = mutated(requests(token)[given.request] ?? Buffer.alloc(0), given.mutations);
  const socket = connect(Number(url.port), url.hostname).on("error", () => undefined);
  let response = "";
  socket.on("data", (data: Buffer) => {
    response += data.toString("latin1");
  });
  await once(socket, "connect");
  const places = [0, ...given.cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].sort((a, b) => a - b);
  for (const [index, from] of places.slice(0, -1).entries()) {
    if (socket.writable) socket.write(bytes.subarray(from, places[index + 1]));
    await new Promise(setImmediate);
  }
  if (given.ending === "reset") socket.resetAndDestroy();
  else if (given.ending === "end") socket.end();
  // The server does not answer what is not complete: what it does answer, it does at once.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  if (!socket.destroyed) await Promise.race([closed, sleep(given.ending === "end" ? 2_000 : 20)]);
  if (given.ending === "end") socket.destroy();
  return { socket, response };
}

function requests(token: string): Buffer[] {
  const request = (line: string, body = "") =>
    Buffer.from(
      `${line} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  const payload = { event: "STOPPED", process_name: "p" };
  const notification = { type: "PROCESS", hostname: "h", generated_time: "2026-11-23T12:00:00", payload };
  return [
    request("GET /v1/notifications?limit=1&sort_key=status&generated-since=2026-01-01"),
    request("POST /v1/notifications", JSON.stringify({ notification })),
    request("POST /v3/auth/tokens", JSON.stringify(passwordLogin("nobody", "x", "service"))),
    request("PATCH /v3/users/x", JSON.stringify({ user: { enabled: false } })),
  ];
}

function mutated(request: Buffer, mutations: Exchange["mutations"]): Buffer {
  return mutations.reduce((bytes, change) => {
    const at = Math.floor(change.at * bytes.length);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if ("remove" in change) return Buffer.concat([before, after.subarray(change.remove)]);
    if ("overwrite" in change) {
      return Buffer.concat([before, change.overwrite, after.subarray(change.overwrite.length)]);
    }
    return Buffer.concat([before, Buffer.from(insertions[change.insert] ?? "", "latin1"), after]);
  }, request);
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}
