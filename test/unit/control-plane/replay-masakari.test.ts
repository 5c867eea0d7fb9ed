import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { comparableBody, comparableHead } from "../../support/compare-exchange.ts";
import { logIn, startTestControlPlane } from "../../support/control-plane.ts";
import { type RawResponse, rawRequest } from "../../support/raw-request.ts";
import { type RecordedExchange, readExchanges } from "../../support/recorded-exchange.ts";
import { Side } from "../../support/same-world.ts";

const exchanges = readExchanges(new URL("../../fixtures/masakari-api/debian-14.0.2/", import.meta.url));

/** Exchanges that the embedded control plane answers otherwise, and why. One that comes to agree must leave this list. */
const different: Readonly<Record<string, string>> = {
  "106": "14.0.2 answers 500 to bytes that are not UTF-8; here as in master 400",
  "205": "without an engine 14.0.2 fails with 500 after its RPC time-out; here the notification is shown",
};

/** The responses below were recorded one after the other, each relying on what those before it left behind. */
describe("every recorded exchange with masakari-api 14.0.2 goes the same way", () => {
  let controlPlane: ControlPlane;
  let tokens: { readonly admin: string; readonly member: string };
  const directory = mkdtempSync(join(tmpdir(), "replay-"));
  const database = join(directory, "control-plane.sqlite");
  const recorded = new Side();
  const ours = new Side();

  before(async () => {
    // The recording's stub of Nova knew no host named like this.
    controlPlane = await startTestControlPlane({
      database,
      release: "1.2",
      computeServiceExists: (name) => !name.startsWith("nohost"),
    });
    tokens = { admin: await logIn(controlPlane), member: await logIn(controlPlane, "demo") };
  });
  after(async () => {
    await controlPlane.close();
    rmSync(directory, { recursive: true });
  });

  test("all are there", () => assert.equal(exchanges.length, 208));

  for (const exchange of exchanges) {
    const reason = different[exchange.file.slice(0, 3)];
    test(reason === undefined ? exchange.file : `${exchange.file} differs: ${reason}`, async () => {
      if (exchange.file.startsWith("037-")) backdate(database);
      const received = await replay(exchange);
      const { status, headers, body } = exchange.response;
      const expected = {
        ...comparableHead(status, headers, recorded),
        body: comparableBody(body.toString(), recorded),
      };
      const actual = {
        ...comparableHead(received.status, received.headers, ours),
        body: comparableBody(received.body, ours),
      };
      if (reason === undefined) assert.deepEqual(actual, expected);
      else assert.notDeepEqual(actual, expected);
    });
  }

  function replay({ file, request }: RecordedExchange): Promise<RawResponse> {
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
    const token = file.includes("auth-member") ? tokens.member : tokens.admin;
    const shown = Object.entries(headers).map(([name, value]) => [name, value?.replace("gAAAAA-TOKEN-REMOVED", token)]);
    const base = file.includes("keystone") ? controlPlane.keystoneUrl : controlPlane.masakariUrl;
    const url = new URL(base).origin + ours.translate(request.path, recorded);
    const body = Buffer.from(ours.translate(request.body.toString("latin1"), recorded), "latin1");
    return rawRequest(url, request.method, Object.fromEntries(shown), body);
  }
});

/** The recording dated its first five notifications back here, lest those of the second set of monitors be duplicates. */
function backdate(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("UPDATE notification SET generated_time = '2020-01-01T00:00:00.000000'");
  database.close();
}
