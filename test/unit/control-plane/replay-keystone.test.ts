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

const exchanges = readExchanges(new URL("../../fixtures/keystone/debian-22.0.2/", import.meta.url));

/** Exchanges that the embedded control plane answers otherwise, and why. One that comes to agree must leave this list. */
const different: Readonly<Record<string, string>> = {
  "029": 'Keystone\'s body has an empty member "identity" that nobody reads',
  "030": 'Keystone\'s body has an empty member "identity" that nobody reads',
};

/** The recorded application credential, which was made outside the recording. */
const recordedCredential = "91b4206bab034009b25b435ef79764fb";

/** The requests were recorded one after the other; later ones show tokens that earlier ones were given. */
describe("every recorded exchange with Keystone 22.0.2 goes the same way", () => {
  let controlPlane: ControlPlane;
  const directory = mkdtempSync(join(tmpdir(), "replay-"));
  const database = join(directory, "control-plane.sqlite");
  const recorded = new Side();
  const ours = new Side();
  /** The label that stands for a token in the recording → our token. */
  const tokens = new Map<string, string>();

  before(async () => {
    controlPlane = await startTestControlPlane({ database });
    tokens.set("TOKEN-MEMBER", await logIn(controlPlane, "demo"));
    recorded.normalise(recordedCredential);
    ours.normalise(onlyCredential(database));
  });
  after(async () => {
    await controlPlane.close();
    rmSync(directory, { recursive: true });
  });

  test("all are there", () => assert.equal(exchanges.length, 99));

  for (const exchange of exchanges) {
    const reason = different[exchange.file.slice(0, 3)];
    test(reason === undefined ? exchange.file : `${exchange.file} differs: ${reason}`, async () => {
      const received = await replay(exchange);
      const { status, headers, body } = exchange.response;
      learnToken(headers["x-subject-token"], received);
      const expected = { ...comparableHead(status, headers, recorded), body: comparable(body.toString(), recorded) };
      const actual = {
        ...comparableHead(received.status, received.headers, ours),
        body: comparable(received.body, ours),
      };
      if (reason === undefined) assert.deepEqual(actual, expected);
      else assert.notDeepEqual(actual, expected);
    });
  }

  function replay({ request }: RecordedExchange): Promise<RawResponse> {
    const { host: _host, "content-length": _length, ...headers } = request.headers;
    const translated = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, withTokens(value ?? "")]),
    );
    const body = Buffer.from(withTokens(ours.translate(request.body.toString("latin1"), recorded)), "latin1");
    return rawRequest(new URL(controlPlane.keystoneUrl).origin + request.path, request.method, translated, body);
  }

  function withTokens(text: string): string {
    return text.replace(/TOKEN-\w+/g, (label) => tokens.get(label) ?? label);
  }

  function learnToken(label: string | undefined, { headers }: RawResponse): void {
    const token = headers["x-subject-token"];
    if (label !== undefined && typeof token === "string") tokens.set(label, token);
  }
});

/** Roles come in no order that means anything, and Keystone appends its whole schema to a schema error. */
function comparable(body: string, side: Side): string {
  const text = body
    .replace(/"roles": \[([^\]]*)\]/, (_, roles: string) => `"roles": [${sortedRoles(roles)}]`)
    .replace(/\\n\\nFailed validating.*?","title"/, '","title"');
  return comparableBody(text, side);
}

function sortedRoles(roles: string): string {
  return (roles.match(/\{[^}]*\}/g) ?? []).sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1)).join(", ");
}

function nameOf(role: string): string {
  return /"name": "(\w+)"/.exec(role)?.[1] ?? "";
}

function onlyCredential(path: string): string {
  const database = new DatabaseSync(path);
  const { id } = database.prepare("SELECT id FROM application_credential").get() as { id: string };
  database.close();
  return id;
}
