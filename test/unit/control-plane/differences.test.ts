import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { callMasakari, logIn, startTestControlPlane } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";

/** Where the real service fails or ignores what was requested, the embedded one returns or does what was meant. */
describe("where masakari 14.0.2", () => {
  let controlPlane: ControlPlane;
  let token: string;
  let hosts: string;
  let segmentPath: string;

  before(async () => {
    controlPlane = await startTestControlPlane();
    token = await logIn(controlPlane);
    const segment = { name: "s", recovery_method: "auto", service_type: "COMPUTE" };
    const created = await callMasakari(controlPlane, token, "POST", "/segments", { segment });
    segmentPath = `/segments/${(JSON.parse(created.body) as { segment: { uuid: string } }).segment.uuid}`;
    hosts = `${segmentPath}/hosts`;
  });
  after(() => controlPlane.close());

  for (const field of ["type", "control_attributes"]) {
    test(`fails with 500 on a host whose ${field} is null, here 400 names what is wrong`, async () => {
      const host = { name: "h", type: "COMPUTE", control_attributes: "SSH", [field]: null };
      const response = await callMasakari(controlPlane, token, "POST", hosts, { host });
      const message = `Invalid input for field/attribute ${field}. Value: None. None is not of type 'string'`;
      assert.deepEqual(JSON.parse(response.body), { badRequest: { code: 400, message } });
    });
  }

  test("fails with 500 on bytes that are not UTF-8, 400 as in master", async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    const response = await rawRequest(
      `${controlPlane.masakariUrl}/notifications`,
      "POST",
      { "x-auth-token": token },
      bytes,
    );
    assert.deepEqual(JSON.parse(response.body), { badRequest: { code: 400, message: "Malformed request body" } });
  });

  test("fails with 500 on a time that in UTC is outside the calendar, 400", async () => {
    await callMasakari(controlPlane, token, "POST", hosts, {
      host: { name: "h1", type: "COMPUTE", control_attributes: "SSH" },
    });
    const payload = { event: "STOPPED", process_name: "p" };
    // The last one is within the calendar, and 180 s before it, from where on duplicates are looked for, is not.
    for (const generated_time of ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "0001-01-01T00:02:59"]) {
      const notification = { type: "PROCESS", hostname: "h1", generated_time, payload };
      const response = await callMasakari(controlPlane, token, "POST", "/notifications", { notification });
      assert.equal(response.status, 400, generated_time);
    }
  });

  test('takes "No" for true when a segment is updated, it is false as when one is created', async () => {
    const version = { "openstack-api-version": "instance-ha 1.2" };
    const body = { segment: { enabled: "No" } };
    const response = await callMasakari(controlPlane, token, "PUT", segmentPath, body, version);
    assert.equal((JSON.parse(response.body) as { segment: { enabled: boolean } }).segment.enabled, false);
  });
});
