import { startControlPlane } from "../../../src/control-plane/control-plane.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { MasakariClient } from "../../../src/openstack/masakari.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { testUsers } from "../../support/control-plane.ts";
import { KeptLog } from "../../support/kept-log.ts";

/**
 * `node api.ts ADDRESS HOST…`: the embedded control plane at an address, with a segment of these hosts. It writes `ready`, and then one
 * line of JSON for each notification and for each POST that got a response.
 */
const [host = "", ...names] = process.argv.slice(2);
const log = new KeptLog();
const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const { keystoneUrl } = await startControlPlane({
  database: ":memory:",
  users: testUsers,
  host,
  allowRemote: true,
  keystonePort: 5000,
  masakariPort: 15868,
  onNotification: ({ hostname, payload, arrivedAt }) => write({ hostname, payload, arrivedAt }),
  onRequest: ({ method, url, status, peer }) => {
    if (method === "POST" && url.includes("/notifications")) write({ status, peer });
  },
  log,
});
const login = {
  auth_type: "password",
  auth_url: keystoneUrl,
  username: "masakari",
  password: "masakari-secret",
  project_name: "service",
  user_domain_name: "Default",
  project_domain_name: "Default",
};
const client = new MasakariClient(await createSession(login, { userAgent: "test", clock: systemClock, log }));
const options = { signal: AbortSignal.timeout(120_000) };
const segment = await client.createSegment(
  { name: "cluster", recovery_method: "auto", service_type: "COMPUTE" },
  options,
);
for (const name of names) {
  await client.createHost(segment.uuid, { name, type: "COMPUTE", control_attributes: "SSH" }, options);
}
process.stdout.write("ready\n");
