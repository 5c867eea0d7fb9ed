import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import type { Recovery } from "../../../src/control-plane/masakari/recovery.ts";
import { comparableBody, comparableHead } from "../../support/compare-exchange.ts";
import { callMasakari, logIn, startTestControlPlane } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { type RecordedExchange, readExchanges } from "../../support/recorded-exchange.ts";
import { Side } from "../../support/same-world.ts";

const exchanges = readExchanges(new URL("../../fixtures/masakari-api/debian-14.0.2-engine/", import.meta.url));

/** The recording's segment and hosts, in the order in which they were made: `e9` is in a segment of its own, which is disabled. */
const recordedIds = {
  segment: "31d8cd0c-0072-4e2b-8b24-9d51923ada32",
  e1: "35a19246-6f7f-43de-bbc6-cae1a1601579",
  e2: "0af97a91-69ff-41ff-8f68-5b65df1b4150",
  e3: "b69580b4-291e-4a57-8ceb-7594980df77d",
  e9: "0f626a36-222f-4a75-8877-454a927a43a9",
};

interface Shown {
  readonly notification_uuid: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly status: string;
  readonly recovery_workflow_details?: Recovery["tasks"];
}

/** What the engine had done when the recording showed a notification like this. */
function recoveryOf({ type, payload, status, recovery_workflow_details: tasks = [] }: Shown): Recovery {
  const hostOnMaintenance = type !== "VM" && payload.event === "STOPPED" && payload.host_status !== "UNKNOWN";
  return { status: status as Recovery["status"], tasks, hostOnMaintenance };
}

describe("every exchange recorded while masakari-engine 14.0.2 recovered goes the same way, once its work is written down", () => {
  let cloud: ControlPlane;
  let token: string;
  const recorded = new Side();
  const ours = new Side();

  before(async () => {
    cloud = await startTestControlPlane({ release: "1.2" });
    token = await logIn(cloud);
    const version = { "openstack-api-version": "instance-ha 1.2" };
    const made = async (path: string, body: Record<string, unknown>): Promise<string> => {
      const response = await callMasakari(cloud, token, "POST", path, body, version);
      assert.equal(response.status, 201, response.body);
      return Object.values(JSON.parse(response.body) as Record<string, { uuid: string }>)[0]?.uuid ?? "";
    };
    const segmentOf = (name: string, enabled: boolean) =>
      made("/segments", { segment: { name, recovery_method: "auto", service_type: "COMPUTE", enabled } });
    const hostOf = (segment: string, name: string) =>
      made(`/segments/${segment}/hosts`, { host: { name, type: "COMPUTE", control_attributes: "SSH" } });
    const segment = await segmentOf("seg1", true);
    const hosts = [];
    for (const name of ["e1", "e2", "e3"]) hosts.push(await hostOf(segment, name));
    hosts.push(await hostOf(await segmentOf("disabled", false), "e9"));
    ours.normalise([segment, ...hosts].join(" "));
    recorded.normalise(Object.values(recordedIds).join(" "));
  });
  after(() => cloud.close());

  test("all are there", () => assert.equal(exchanges.length, 34));

  for (const exchange of exchanges) {
    test(exchange.file, async () => {
      const text = exchange.response.body.toString();
      const { status, headers } = exchange.response;
      const expected = { ...comparableHead(status, headers, recorded), body: comparableBody(text, recorded) };
      if (exchange.request.method === "GET" && text.startsWith('{"notification"')) {
        const shown = (JSON.parse(text) as { notification: Shown }).notification;
        cloud.recordRecovery(ours.translate(shown.notification_uuid, recorded), recoveryOf(shown));
      }
      const received = await replay(exchange);
      assert.deepEqual(
        { ...comparableHead(received.status, received.headers, ours), body: comparableBody(received.body, ours) },
        expected,
      );
    });
  }

  function replay({ request }: RecordedExchange) {
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
    const url = new URL(cloud.masakariUrl).origin + ours.translate(request.path, recorded);
    return rawRequest(url, request.method, { ...headers, "x-auth-token": token }, request.body);
  }
});
