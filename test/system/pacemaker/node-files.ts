import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface NodeFiles {
  readonly folder: string;
  readonly corosyncConf: string;
  readonly corosyncKey: Uint8Array;
  readonly pacemakerKey: Uint8Array;
  readonly cib: string;
  readonly hacluster: { readonly uid: number; readonly gid: number };
  /** Its /dev/shm is a directory of this machine's: `sharedMemory`. */
  readonly sharesMemory: boolean;
}

/** Writes a node's files into a folder of its own, with the owners that Pacemaker wants. */
export function writeNodeFiles(folder: string, files: NodeFiles, isRemote: boolean): void {
  const { uid, gid } = files.hacluster;
  const kept = ["blackbox", "cib", "cores", "pengine"].map((name) => `var-lib-pacemaker/${name}`);
  const own = ["etc-corosync", "etc-pacemaker", "var-lib-corosync", "sudoers.d", "log/corosync"];
  for (const name of [...own, ...kept, "log/pacemaker"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["var-lib-pacemaker", ...kept, "log/pacemaker"]) chownSync(join(folder, name), uid, gid);
  chmodSync(join(folder, "var-lib-pacemaker"), 0o750);
  chmodSync(join(folder, "log/pacemaker"), 0o770);
  if (files.sharesMemory) {
    mkdirSync(join(folder, "shm"));
    chmodSync(join(folder, "shm"), 0o1777);
  }
  writeFileSync(join(folder, "etc-corosync/corosync.conf"), files.corosyncConf);
  writeFileSync(join(folder, "etc-corosync/authkey"), files.corosyncKey, { mode: 0o400 });
  writeFileSync(join(folder, "etc-pacemaker/authkey"), files.pacemakerKey, { mode: 0o640 });
  chownSync(join(folder, "etc-pacemaker/authkey"), 0, gid);
  if (isRemote) return;
  const cib = join(folder, "var-lib-pacemaker/cib/cib.xml");
  writeFileSync(cib, files.cib, { mode: 0o600 });
  chownSync(cib, uid, gid);
}
