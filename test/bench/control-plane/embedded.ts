import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HostStore } from "../../../src/control-plane/masakari/hosts/store.ts";
import { NotificationStore } from "../../../src/control-plane/masakari/notifications/store.ts";
import { SegmentStore } from "../../../src/control-plane/masakari/segments/store.ts";
import { inTransaction, openDatabase } from "../../../src/control-plane/store/database.ts";
import { Child } from "../../support/child.ts";
import type { Login } from "../../system/openstack/keystone-api.ts";

/** The embedded control plane, from the build, as users start it. */
export interface Embedded {
  readonly server: Child;
  readonly keystoneUrl: string;
  readonly masakariUrl: string;
  readonly login: Login;
}

const login: Login = { username: "admin", password: "admin-secret-of-the-benchmark", project: "service" };

export async function startEmbedded(stateDirectory: string): Promise<Embedded> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const passwordFile = join(stateDirectory, "password");
  await writeFile(passwordFile, login.password, { mode: 0o600 });
  const server = new Child(
    fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url)),
    [
      ...["control-plane", "--state-dir", stateDirectory, "--password-file", passwordFile],
      ...["--keystone-port", "0", "--masakari-port", "0"],
    ],
    { env: { MASAKARI_MONITORS_RUN: "build" } },
  );
  await server.line(/Log in with/, 60_000);
  const url = (what: string) => new RegExp(`^${what}\\s+(\\S+)`, "m").exec(server.output)?.[1] ?? "";
  return { server, keystoneUrl: url("Keystone"), masakariUrl: url("Masakari API"), login };
}

/** Writes a database of 100 segments with hosts `host-0`, `host-1` … and notifications about them, the last one now. */
export async function fillDatabase(stateDirectory: string, hosts: number, notifications: number): Promise<void> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const database = openDatabase(join(stateDirectory, "control-plane.sqlite"));
  let now = Date.now() - notifications * 1000;
  const segmentStore = new SegmentStore(database, () => now);
  const hostStore = new HostStore(database, () => now);
  const notificationStore = new NotificationStore(database, () => now, 180);
  inTransaction(database, () => {
    const segments = Array.from({ length: 100 }, (_, index) =>
      segmentStore.insert({
        name: `segment-${index}`,
        description: null,
        recovery_method: "auto",
        service_type: "COMPUTE",
        enabled: true,
      }),
    );
    const rows = Array.from({ length: hosts }, (_, index) =>
      hostStore.insert(segments[index % segments.length]?.uuid ?? "", {
        ...{ name: `host-${index}`, type: "COMPUTE", control_attributes: "SSH" },
        ...{ reserved: false, on_maintenance: false },
      }),
    );
    for (let index = 0; index < notifications; index += 1) {
      const host = rows[index % rows.length];
      if (host === undefined) throw new Error("notifications need hosts");
      now += 1000;
      notificationStore.insert({
        generatedTime: { ms: now, micros: 0 },
        sourceHostUuid: host.uuid,
        segmentUuid: host.segment_uuid,
        type: "PROCESS",
        payload: { process_name: `process-${index}`, event: "STOPPED" },
      });
    }
  });
  database.close();
}
