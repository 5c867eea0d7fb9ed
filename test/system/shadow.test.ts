import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { healthReport } from "../support/health-report.ts";
import { about, notificationIn } from "../support/notification-post.ts";
import { Rig } from "../support/process-monitor.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

const command = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));
const names = ["nova-compute", "libvirtd", "sshd"] as const;
const process = { check_interval: 1, restart_retries: 2, restart_interval: 1 };

interface Compared {
  readonly recorded: { readonly payload: { readonly process_name: string } } | null;
  readonly received: { readonly payload: { readonly process_name: string } } | null;
  readonly difference: string;
  readonly recorded_decisions: readonly string[];
}

/** `masakari-monitors compare --json`, and its exit status. */
async function compare(configFile: string): Promise<{ readonly code: number; readonly rows: readonly Compared[] }> {
  return await new Promise((resolve, reject) => {
    execFile(command, ["compare", "--since", "1h", "--json", "--config-file", configFile], (error, stdout, stderr) => {
      if (stdout === "") reject(new Error(stderr, { cause: error }));
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, rows: JSON.parse(stdout) });
    });
  });
}

await describeWithOpenStack("shadow mode beside Debian's Python monitor", (setScene) => {
  test("Python notifies, this monitor records and does nothing, and `compare` explains what differs", async (t) => {
    const notifications = { shadow: "true" };
    const { site, host, rig } = await setScene(t, { process: { ...process, settle: 1, boot_grace: 0 }, notifications });
    const restarted = join(rig.directory, "restarted");
    const [compute, libvirt, ssh] = names.map((name) => rig.startProcess(name));
    await rig.list(
      names.map((name) => ({ process_name: rig.path(name), restart_command: `/usr/bin/touch ${restarted}` })),
    );

    // Debian's monitor reports what gethostname returns.
    const path = join(rig.directory, "python");
    const run = `hostname ${host.name} && exec /usr/bin/masakari-processmonitor "$@"`;
    await writeFile(path, `#!/bin/sh\nexec unshare --uts sh -c '${run}' sh "$@"\n`, { mode: 0o755 });
    const monitor = { path, watching: /Process '.*' is found\./ };
    const other = await Rig.create({
      hostname: host.name,
      api: site.apiSection(),
      process,
      notifications: {},
      monitor,
    });
    t.after(() => other.close());
    await other.list(
      names.map((name) => ({
        process_name: rig.path(name),
        start_command: "/bin/false",
        restart_command: "/bin/false",
      })),
    );

    const ours = await rig.start(...names);
    let python = await other.start();
    const place = { statePath: join(rig.directory, "state"), program: "processmonitor" };
    const { verdict } = await healthReport(place, "shadow mode is shown", 60_000, ({ problems }) =>
      problems.some(({ about }) => about === "shadow mode"),
    );
    assert.equal(verdict, "degraded");

    compute?.signal("SIGKILL");
    await ours.line(/WARNING .*shadow mode: .* Masakari is notified of none/, 60_000);
    await ours.line(/shadowed: PROCESS STOPPED of nova-compute/, 60_000);
    const post = await site.masakari.seen("Python's report", 60_000, about("nova-compute"));
    assert.match(post.rawHeaders.join(" "), /python/i);

    await python.stop("SIGKILL");
    libvirt?.signal("SIGKILL");
    await ours.line(/shadowed: PROCESS STOPPED of libvirtd/, 60_000);
    await ours.stop();

    await other.list([{ process_name: rig.path("sshd"), start_command: "/bin/false", restart_command: "/bin/false" }]);
    python = await other.start();
    ssh?.signal("SIGKILL");
    await site.masakari.seen("Python's report of sshd", 60_000, about("sshd"));
    await python.stop("SIGKILL");

    const { code, rows } = await compare(rig.configFile);
    assert.equal(code, 1);
    const rowOf = (name: string): Compared | undefined =>
      rows.find(({ recorded, received }) => (recorded ?? received)?.payload.process_name === name);
    assert.match(
      rowOf("nova-compute")?.difference ?? "",
      /^(\d+\.\d s (earlier|later) than|at the same time as) the other monitor$/,
    );
    assert.equal(rowOf("libvirtd")?.received, null);
    assert.match(
      rowOf("libvirtd")?.recorded_decisions.join("\n") ?? "",
      /notify Masakari: PROCESS STOPPED of libvirtd/,
    );
    assert.match(rowOf("libvirtd")?.difference ?? "", /Masakari has not received it/);
    assert.equal(rowOf("sshd")?.recorded, null);
    assert.match(
      rowOf("sshd")?.difference ?? "",
      /this monitor did not run then, or did not find it worth a notification/,
    );

    await assert.rejects(access(restarted), { code: "ENOENT" }, "no command of the list was run");
    const sent = site.masakari.matching((exchange) => notificationIn(exchange) !== undefined);
    assert.equal(sent.filter(({ rawHeaders }) => /masakari-processmonitor\//.test(rawHeaders.join(" "))).length, 0);
  });
});
