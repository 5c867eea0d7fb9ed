import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { type RedfishDevice, Secret } from "../../../../src/host/fencing-device.ts";
import { checkPower } from "../../../../src/host/power/check-power.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { Certificates } from "../../../support/certificates.ts";
import { json, TestServer } from "../../../support/http-server.ts";
import { RedfishService } from "../../../support/redfish-service.ts";

const PASSWORD = "s3cret-of-the-bmc";
const parts = { clock: systemClock, timeoutMs: 60_000 };
const signal = new AbortController().signal;

function device(port: number, rest: Partial<RedfishDevice> = {}): RedfishDevice {
  return {
    protocol: "redfish",
    id: "st-node3",
    address: "127.0.0.1",
    port,
    user: "admin",
    password: { from: "value", value: new Secret(PASSWORD) },
    ssl: false,
    insecure: false,
    uri: "/redfish/v1",
    ...rest,
  };
}

describe("the power check by Redfish", () => {
  it("reads the power state of the service's one system, or of the one that is configured", async () => {
    await using service = new RedfishService({ user: "admin", password: PASSWORD, systems: ["437XR1138R2"] });
    const port = await service.start();
    for (const systemsUri of [undefined, "/redfish/v1/Systems/437XR1138R2"]) {
      const one = device(port, systemsUri === undefined ? {} : { systemsUri });
      service.power.set("437XR1138R2", "Off");
      assert.equal((await checkPower(one, parts, signal)).power, "off");
      for (const state of ["On", "PoweringOn", "PoweringOff", "Paused"]) {
        service.power.set("437XR1138R2", state);
        assert.equal((await checkPower(one, parts, signal)).power, "on", state);
      }
      service.power.set("437XR1138R2", "Unheard of");
      assert.equal((await checkPower(one, parts, signal)).power, "unknown");
    }
    assert.ok(
      service.requests.every((request) => request.startsWith("GET ")),
      "it only reads",
    );
  });

  it("does not guess which of several systems is the host", async () => {
    await using service = new RedfishService({ user: "admin", password: PASSWORD, systems: ["1", "2"] });
    const port = await service.start();
    service.power.set("1", "Off");
    const { power, reason } = await checkPower(device(port), parts, signal);
    assert.equal(power, "unknown");
    assert.match(reason, /set systems_uri/);
  });

  it("names the member that is not as Redfish has it", async () => {
    let body: unknown;
    await using service = await TestServer.start((_, response) => json(response, 200, body));
    const port = Number(new URL(service.origin).port);
    const reasonFor = async (response: unknown, rest: Partial<RedfishDevice> = {}): Promise<string> => {
      body = response;
      const { power, reason } = await checkPower(device(port, rest), parts, signal);
      assert.equal(power, "unknown");
      return reason;
    };
    const system = { systemsUri: "/redfish/v1/Systems/1" };
    assert.match(await reasonFor("<html>"), /not Redfish's: not JSON$/);
    assert.match(await reasonFor({ Members: [{ id: "1" }] }), /not Redfish's: Members\.0\.@odata\.id: /);
    assert.match(await reasonFor({ Members: [] }), /lists no system$/);
    assert.match(await reasonFor({ PowerState: 0 }, system), /not Redfish's: PowerState: Invalid type/);
    assert.match(await reasonFor({ PowerState: null }, system), /reports no known power state$/);
    assert.match(await reasonFor({}, system), /reports no known power state$/);
  });

  it("checks the certificate unless the fencing device switches that off", async () => {
    using certificates = new Certificates();
    const { cert, key } = certificates.issue("bmc", "IP:127.0.0.1");
    const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    await using service = new RedfishService({ user: "admin", password: PASSWORD, tls });
    const port = await service.start();
    service.power.set("1", "Off");
    const refused = await checkPower(device(port, { ssl: true }), parts, signal);
    assert.equal(refused.power, "unknown");
    assert.deepEqual(service.requests, [], "no password is sent to a server that is not trusted");
    assert.equal((await checkPower(device(port, { ssl: true, insecure: true }), parts, signal)).power, "off");
  });

  it("knows nothing of a service that refuses, is gone, hangs, or is something else; its reason holds no password", async () => {
    await using service = new RedfishService({ user: "admin", password: PASSWORD });
    const port = await service.start();
    const wrong = { from: "value" as const, value: new Secret("wrong-password") };
    const missing = { from: "file" as const, path: "/nowhere/password" };
    const results = [
      await checkPower(device(port, { password: wrong }), parts, signal),
      await checkPower(device(port, { password: missing }), parts, signal),
      await checkPower(device(port, { systemsUri: "/redfish/v1/Systems/9" }), parts, signal),
      await checkPower(device(1), parts, signal),
    ];
    service.hangs = true;
    results.push(await checkPower(device(port), { ...parts, timeoutMs: 200 }, signal));
    results.push(await checkPower(device(port, { address: "no host" }), parts, signal));
    assert.match(results.at(-2)?.reason ?? "", /did not answer within 0.2 s|time/);
    assert.match(results.at(-1)?.reason ?? "", /cannot be asked: Invalid URL/);
    for (const { power, reason } of results) {
      assert.equal(power, "unknown");
      assert.notEqual(reason, "");
      assert.doesNotMatch(inspect(reason), /s3cret|wrong-password/);
    }
  });
});
