import { startControlPlane } from "../../../src/control-plane/control-plane.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { MasakariClient } from "../../../src/openstack/masakari.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { testUsers } from "../../support/control-plane.ts";
import { KeptLog } from "../../support/kept-log.ts";

/**
 * `node api.ts ADDRESS PORT:NAME,… HOST…`: for each NAME an embedded control plane of its own, whose Keystone listens at that port, with a
 * segment of these hosts. It writes `ready`, and then one line of JSON for each notification and for each POST that was answered.
 */
const [address = "", planes = "", ...hosts] = process.argv.slice(2);
const options = { signal: AbortSignal.timeout(50_000) };
const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function start(name: string, port: number): Promise<void> {
  const log = new KeptLog();
  const { keystoneUrl } = await startControlPlane({
    database: ":memory:",
    users: testUsers,
    host: address,
    allowRemote: true,
    keystonePort: port,
    onNotification: ({ hostname, payload, arrivedAt }) => write({ to: name, hostname, payload, arrivedAt }),
    onRequest: ({ method, url, status, peer }) => {
      if (method === "POST" && url.includes("/notifications")) write({ to: name, status, peer });
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
  const segment = await client.createSegment(
    { name: "cluster", recovery_method: "auto", service_type: "COMPUTE" },
    options,
  );
  for (const host of hosts) {
    await client.createHost(segment.uuid, { name: host, type: "COMPUTE", control_attributes: "SSH" }, options);
  }
}

await Promise.all(
  planes.split(",").map(async (plane) => {
    const [port, name = ""] = plane.split(":");
    await start(name, Number(port));
  }),
);
process.stdout.write("ready\n");
