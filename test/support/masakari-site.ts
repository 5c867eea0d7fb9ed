import type { TestContext } from "node:test";
import { createSession } from "../../src/openstack/create-session.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import type { Clock } from "../../src/system/clock.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { startFor } from "./control-plane.ts";
import { KeptLog } from "./kept-log.ts";

/** An embedded control plane with these segments and their hosts, and a client that is logged in to it. */
export async function masakariSite(
  context: TestContext,
  segments: Readonly<Record<string, readonly string[]>>,
  clock: Clock = systemClock,
) {
  const { keystoneUrl } = await startFor(context);
  const api = {
    auth_type: "password",
    auth_url: keystoneUrl,
    username: "masakari",
    password: "masakari-secret",
    project_name: "service",
    user_domain_name: "Default",
    project_domain_name: "Default",
  };
  const session = await createSession(api, { userAgent: "test", clock, log: new KeptLog() });
  context.after(() => session.close());
  const client = new MasakariClient(session);
  const options = { signal: new AbortController().signal, microversion: "1.2" };
  const uuids = new Map<string, { readonly host: string; readonly segment: string }>();
  const createHost = async (segment: string, name: string) => {
    const body = { name, type: "COMPUTE", control_attributes: "SSH" };
    uuids.set(name, { segment, host: (await client.createHost(segment, body, options)).uuid });
  };
  for (const [name, hosts] of Object.entries(segments)) {
    const segment = await client.createSegment({ name, recovery_method: "auto", service_type: "COMPUTE" }, options);
    for (const host of hosts) await createHost(segment.uuid, host);
  }
  const placeOf = (name: string) => {
    const place = uuids.get(name);
    if (place === undefined) throw new Error(`no host ${name}`);
    return place;
  };
  return {
    client,
    /** `[api]` of a configuration. */
    api,
    session,
    options,
    setMaintenance: (name: string, on_maintenance: boolean) =>
      client.updateHost(placeOf(name).segment, placeOf(name).host, { on_maintenance }, options),
    setEnabled: (host: string, enabled: boolean) => client.updateSegment(placeOf(host).segment, { enabled }, options),
    /** Adds a host to the segment of another. */
    addHost: (name: string, beside: string) => createHost(placeOf(beside).segment, name),
    deleteHost: (name: string) => client.deleteHost(placeOf(name).segment, placeOf(name).host, options),
  };
}
