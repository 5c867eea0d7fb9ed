import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ApiOptions, createSession } from "../../src/openstack/create-session.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { runToEnd } from "../support/child.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Front, type FrontOptions } from "./openstack/front.ts";
import type { Host } from "./openstack/masakari-api.ts";
import { missingPackages } from "./openstack/packages.ts";
import { enterOwnOpenStack } from "./openstack/shared.ts";
import type { Site } from "./openstack/site.ts";

interface Row {
  readonly what: string;
  /** Of the endpoint behind the front's origin. Default `/v1`. */
  readonly path?: string;
  readonly type?: string;
  /** Interfaces that are registered with this URL; the others lead nowhere. Default: public. */
  readonly interfaces?: readonly string[];
  /** Of the endpoint; null: none. Default: the row's own. */
  readonly region?: null;
  readonly front?: FrontOptions;
  /** Changes to `[api]`. */
  readonly api?: Partial<ApiOptions>;
  /** Whether Debian's Python monitors deliver. Ours always do. */
  readonly python: boolean;
}

const html = (status: number) => ({ status, body: `<html><body><h1>${status}</h1></body></html>` });
const inside = "masakari.internal.example:15868";
const document = (...ids: string[]) => ({
  status: 300,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    versions: ids.map((id) => ({
      id,
      status: "CURRENT",
      links: [{ rel: "self", href: `http://${inside}/${id.split(".")[0]}/` }],
    })),
  }),
});

const table: readonly Row[] = [
  { what: "Debian: /v1", python: true },
  { what: "/v1/", path: "/v1/", python: true },
  { what: "OpenStack-Ansible: /v1/PROJECT", path: "/v1/$(project_id)s", python: true },
  { what: "OpenStack-Ansible up to Train: type ha", type: "ha", path: "/v1/$(project_id)s", python: true },
  { what: "Kolla-Ansible: no version", path: "", python: true },
  { what: "no version, a slash", path: "/", python: true },
  { what: "no version, PROJECT", path: "/$(project_id)s", python: true },
  { what: "type ha, no version", type: "ha", path: "", python: true },
  { what: "no version, links to another host", path: "", front: { host: inside }, python: true },
  { what: "prefix and version", path: "/ha/v1", front: { prefix: "/ha" }, python: true },
  { what: "prefix, version and PROJECT", path: "/ha/v1/$(project_id)s", front: { prefix: "/ha" }, python: true },
  { what: "prefix, links to another host", path: "/ha", front: { prefix: "/ha", host: inside }, python: true },
  {
    what: "prefix and slash, links to another host",
    path: "/ha/",
    front: { prefix: "/ha", host: inside },
    python: true,
  },
  { what: "prefix, links without it", path: "/ha", front: { prefix: "/ha" }, python: false },
  { what: "several versions", path: "", front: { fixed: { "/": document("v1.0", "v2.0") } }, python: true },
  { what: "404 at the root", path: "", front: { fixed: { "/": html(404) } }, python: false },
  { what: "403 at the root", path: "", front: { fixed: { "/": html(403) } }, python: false },
  { what: "a page at the root", path: "", front: { fixed: { "/": html(200) } }, python: false },
  { what: "503 at the root", path: "", front: { fixed: { "/": html(503) } }, python: false },
  { what: "a version that is not there", path: "/v2", python: true },
  { what: "another spelling of the version", path: "/v1.0", python: false },
  { what: "internalURL", interfaces: ["internal"], api: { api_interface: "internalURL" }, python: true },
  { what: "adminURL", interfaces: ["admin"], api: { api_interface: "adminURL" }, python: true },
  { what: "an empty interface", api: { api_interface: "" }, python: true },
  { what: "a type of its own", type: "masakari", api: { service_type: "masakari" }, python: false },
  { what: "no region", region: null, python: false },
];

describe("catalogs as deployments write them, before a real Keystone and masakari-api", {
  skip: await missingPackages(true),
}, () => {
  const cases = table.map((row, index) => ({ row, name: `case-${index}` }));
  const cleanUp: (() => Promise<unknown>)[] = [];
  const apis = new Map<string, ApiOptions>();
  let site: Site;
  let host: Host;
  let python: Map<string, string | null>;

  before(async () => {
    // One of the endpoints is of no region, and so of every other suite's too.
    site = await enterOwnOpenStack();
    cleanUp.push(() => site.close());
    host = await site.masakariApi.registerHost(`host-${randomUUID().slice(0, 8)}`, false);
    const directory = await mkdtemp(join(tmpdir(), "masakari-catalogs-"));
    cleanUp.push(() => rm(directory, { recursive: true }));
    for (const { row, name } of cases) apis.set(name, await register(site, row, name, cleanUp));
    python = await withPython(directory);
  });
  after(async () => {
    for (const undo of cleanUp.reverse()) await undo();
  });

  for (const { row, name } of cases) {
    test(row.what, async () => {
      const session = await createSession(apis.get(name) ?? assert.fail(), {
        userAgent: "test",
        clock: systemClock,
        log: new KeptLog(),
        environment: {},
      });
      const client = new MasakariClient(session);
      const signal = AbortSignal.timeout(60_000);
      assert.equal((await client.version({ signal })).id, "v1.0");
      await client.createNotification(notification(name, "ours"), { signal });
      session.close();
      const arrived = (await site.masakariApi.notifications(host)).map(({ payload }) => payload.process_name);
      assert.ok(arrived.includes(`${name}-ours`), "ours did not arrive");
      assert.equal(arrived.includes(`${name}-python`), row.python, `Python: ${python.get(name) ?? "delivered"}`);
    });
  }

  const notification = (name: string, whose: string) => ({
    type: "PROCESS",
    hostname: host.name,
    generated_time: "2026-11-28T00:00:00",
    payload: { event: "STOPPED", process_name: `${name}-${whose}` },
  });

  /** One Python process for all rows: it takes seconds to start. */
  async function withPython(directory: string): Promise<Map<string, string | null>> {
    const jobs = [];
    for (const { name } of cases) {
      const { service_type: _, ...options } = apis.get(name) ?? assert.fail();
      const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`);
      await writeFile(join(directory, `${name}.conf`), ["[api]", ...lines, ""].join("\n"));
      jobs.push({ config: join(directory, `${name}.conf`), notification: notification(name, "python") });
    }
    const [input, output] = [join(directory, "jobs.json"), join(directory, "results.json")];
    await writeFile(input, JSON.stringify(jobs));
    const program = fileURLToPath(new URL("openstack/python/deliver.py", import.meta.url));
    await runToEnd("/usr/bin/python3", ["-B", program, input, output]);
    const results = JSON.parse(await readFile(output, "utf8")) as (string | null)[];
    return new Map(cases.map(({ name }, index) => [name, results[index] ?? null]));
  }
});

/** Puts the row's endpoint into Keystone, in a region of its own. @returns the `[api]` section that leads there */
async function register(site: Site, row: Row, name: string, cleanUp: (() => Promise<unknown>)[]): Promise<ApiOptions> {
  const { keystoneApi, address } = site;
  const front = await Front.open(address.masakariUrl, row.front ?? {});
  cleanUp.push(() => front.close());
  const region = `${name}-${randomUUID().slice(0, 8)}`;
  await keystoneApi.createRegion(region);
  const service = await keystoneApi.createService(row.type ?? "instance-ha");
  const { interfaces = ["public"] } = row;
  for (const face of ["public", "internal", "admin"]) {
    const url = interfaces.includes(face) ? `${front.origin}${row.path ?? "/v1"}` : "http://127.0.0.1:1/v1";
    await keystoneApi.createEndpoint(service, face, row.region === null ? null : region, url);
  }
  cleanUp.push(async () => {
    await keystoneApi.deleteService(service);
    await keystoneApi.deleteRegion(region);
  });
  const { username, password, project } = address.monitors;
  return {
    auth_type: "password",
    auth_url: address.keystoneUrl,
    username,
    password,
    project_name: project,
    user_domain_name: "Default",
    project_domain_name: "Default",
    region,
    ...row.api,
  };
}
