import { callMasakari, logIn, startTestControlPlane } from "../../support/control-plane.ts";

/**
 * `node cloud.ts HOST…`, run where the monitor runs: the embedded Keystone and masakari-api with one segment of these hosts. It writes
 * the URL of Keystone, and then a line for each notification that it has taken: `HOST EVENT STATUS`.
 */
const cloud = await startTestControlPlane({
  onNotification({ hostname, payload }) {
    process.stdout.write(`notified: ${hostname} ${payload.event} ${payload.host_status}\n`);
  },
});
const token = await logIn(cloud);
const segment = { name: "all", recovery_method: "auto", service_type: "COMPUTE" };
const made = await callMasakari(cloud, token, "POST", "/segments", { segment });
const { uuid } = (JSON.parse(made.body) as { segment: { uuid: string } }).segment;
for (const name of process.argv.slice(2)) {
  const host = { name, type: "COMPUTE", control_attributes: "SSH" };
  await callMasakari(cloud, token, "POST", `/segments/${uuid}/hosts`, { host });
}
process.stdout.write(`keystone: ${cloud.keystoneUrl}\n`);
