import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type HostOverview, hostSchema } from "../../src/status/page/overview.ts";
import { parseJson } from "../../src/system/parse-json.ts";
import type { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { agentOption, ConsulClusters, failed, type Host } from "./consul/clusters.ts";
import { missingForConsul } from "./consul/packages.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const withinMs = 90_000;
/** The process monitor takes the third port after `[metrics] port`. */
const [first, port] = [9101, 9103];

/** A process monitor with the page on a host of real Consul clusters. */
function startMonitor(clusters: ConsulClusters, host: Host): Child {
  const folder = join(clusters.folder, `monitor-${host}`);
  mkdirSync(folder);
  const list = join(folder, "process_list.yaml");
  writeFileSync(
    list,
    "- process_name: consul\n  start_command: /bin/true\n  pre_start_command:\n  post_start_command:\n",
  );
  const file = join(folder, "monitors.conf");
  const text = `[DEFAULT]
hostname = ${host}
state_path = ${join(folder, "state")}
[api]
auth_url = http://127.0.0.1:1/v3
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
[process]
process_list_path = ${list}
[metrics]
address = 0.0.0.0
port = ${first}
username = ops
password = page-secret
[page]
enabled = True
peers_in_consul = True
[consul]
${agentOption(host, "manage")}`;
  writeFileSync(file, text, { mode: 0o600 });
  return clusters.spawn(host, [here("../../bin/masakari-processmonitor"), "--config-file", file]);
}

/** What a viewer on that host gets. */
async function get(clusters: ConsulClusters, host: Host, path: string): Promise<string> {
  const url = `http://127.0.0.1:${port}${path}`;
  const login = `Basic ${Buffer.from("ops:page-secret").toString("base64")}`;
  const script = `fetch(${JSON.stringify(url)}, { headers: { authorization: ${JSON.stringify(login)} } })
    .then((response) => response.text()).then((text) => process.stdout.write(text), () => undefined)`;
  const child = clusters.spawn(host, [process.execPath, "-e", script]);
  await child.exited;
  return child.output;
}

/** The rows of the table of hosts: name and state. */
function rowsOf(page: string): ReadonlyMap<string, string> {
  const rows = page.matchAll(/<tr role="row" class="is-(\w+)"><th role="rowheader" scope="row">([^<]*)<\/th>/g);
  return new Map([...rows].map(([, state = "", name = ""]) => [name, state]));
}

const skip = await missingForConsul();
describe("the page with the members of a real Consul as peers", { skip }, () => {
  let clusters: ConsulClusters;
  const monitors: Child[] = [];
  before(async () => {
    clusters = await ConsulClusters.start();
    for (const host of ["host1", "host2"] as const) monitors.push(startMonitor(clusters, host));
  });
  after(async () => {
    for (const monitor of monitors) await monitor.stop();
    await clusters.stop();
  });

  const shows = async (what: string, isShown: (rows: ReadonlyMap<string, string>) => boolean) => {
    let last: ReadonlyMap<string, string> = new Map();
    const look = async (): Promise<true | undefined> => {
      last = rowsOf(await get(clusters, "host1", "/"));
      return isShown(last) ? true : undefined;
    };
    await eventually(what, withinMs, look, 500).catch((cause: unknown) => {
      throw new Error(`${JSON.stringify([...last])}\n${monitors.map(({ output }) => output).join("\n")}`, { cause });
    });
    return last;
  };

  it("has a row for each client, without the server, and once for this host itself", async () => {
    const rows = await shows("host2's own row", (seen) => (seen.get("host2") ?? "silent") !== "silent");
    assert.deepEqual([...rows.keys()].sort(), ["host1", "host2", "host3", "host4"]);
    // Nobody serves the page there.
    assert.deepEqual([rows.get("host3"), rows.get("host4")], ["silent", "silent"]);
    const own = parseJson(hostSchema, await get(clusters, "host2", "/host.json")) as HostOverview;
    assert.equal(own.host, "host2");
  });

  it("keeps the row of a host that has crashed", async () => {
    clusters.signalHost("host4", "SIGKILL");
    await clusters.agent("host1", "manage").line(failed("host4"), withinMs);
    assert.equal((await shows("host4", (seen) => seen.has("host4"))).get("host4"), "silent");
  });

  it("shows that Consul does not respond, beside the hosts that it listed before", async () => {
    await clusters.agent("host1", "manage").stop("SIGKILL");
    const rows = await shows("Consul's row", (seen) => seen.has("members of Consul"));
    assert.ok(
      ["host2", "host3", "host4"].every((host) => rows.has(host)),
      [...rows.keys()].join(),
    );
    assert.match(await get(clusters, "host1", "/"), /<code>ping -c 3 host3<\/code>.*<code>consul members<\/code>/s);
  });
});
