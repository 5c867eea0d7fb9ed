import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.ts";
import { inControlGroup, removeControlGroup } from "./control-group.ts";
import { eventually } from "./eventually.ts";

const IN_TIME = 180_000;
/** Of a command on the host: apt on a busy machine. */
const COMMAND_LIMIT = 300_000;

/**
 * The system's systemd as process 1 of namespaces. It takes itself for one in a container, so a shutdown ends it and nothing else;
 * and it knows no units but these: Debian's own would clean up the machine's /tmp. $1: the directory with the units; $2: `packages`
 * for a dpkg of its own: what it changes is gone with it, and packages may start services.
 */
const enter = `set -e
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
units="$1"
if [ "$2" = packages ]; then
  for top in etc usr var; do
    mkdir -p "/run/changes/$top" "/run/overlay-work/$top"
    mount -t overlay overlay -o "lowerdir=/$top,upperdir=/run/changes/$top,workdir=/run/overlay-work/$top" "/$top"
  done
  rm -f /usr/sbin/policy-rc.d
  mount -t tmpfs tmpfs /etc/systemd/system
  mount -t tmpfs tmpfs /lib/systemd/system
  units="$1:/etc/systemd/system:/lib/systemd/system"
fi
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH="$units" /lib/systemd/systemd --system \
  --unit=test.target --log-target=console --show-status=no
`;

/**
 * The same with a root of its own, of which nothing is changed: its systemd starts that Debian's own units, and these. $1: the directory
 * with the units; $2: the root
 */
const enterRoot = `set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/changes /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$2,upperdir=/mnt/changes,workdir=/mnt/work" /mnt/root
cd /mnt/root
mkdir -p oldroot
echo compute1 >etc/hostname
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "ptmx 5 2"; do
  set -- "$1" "$2" $device
  mknod -m 666 "dev/$3" c "$4" "$5"
done
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir run/tests
mount --bind "$1" run/tests
pivot_root . oldroot
umount -l /oldroot
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH="/run/tests:" /lib/systemd/systemd --system \
  --unit=test.target --log-target=console --show-status=no
`;

/** What a shutdown needs of Debian's own units. */
const SHUTDOWN_UNITS = ["poweroff", "reboot", "shutdown", "umount", "final"].map((name) => `${name}.target`);

/** A host's systemd, with units of its own, from its boot to its shutdown. Only root can make one. */
export class SystemManager {
  readonly #units: string;
  readonly #packages: boolean;
  readonly #root: string | undefined;
  readonly #network: readonly string[];
  /** A pid would be that of a test that was killed, and has left its group. */
  readonly #name = randomUUID().slice(0, 8);
  #child: Child | undefined;
  #boots = 0;

  /**
   * @param directory of its own, for its units
   * @param packages whether packages can be installed on it, without a trace on this machine
   * @param root a directory with a Debian of its own, in place of this machine's; what the host changes is gone with it, and the directory
   * with the units is its /run/tests
   * @param network the words that run it on another network than this machine's
   */
  constructor(
    directory: string,
    {
      packages = false,
      root,
      network = [],
    }: { readonly packages?: boolean; readonly root?: string; readonly network?: readonly string[] } = {},
  ) {
    this.#network = network;
    this.#units = directory;
    this.#packages = packages;
    this.#root = root;
    mkdirSync(directory);
    if (root !== undefined) return;
    for (const name of [...SHUTDOWN_UNITS, "systemd-poweroff.service", "systemd-reboot.service"]) {
      writeFileSync(join(directory, name), readFileSync(`/lib/systemd/system/${name}`));
    }
    for (const name of ["sysinit.target", "basic.target"]) this.unit(name, "[Unit]\nDescription=Nothing\n");
  }

  unit(name: string, text: string): void {
    writeFileSync(join(this.#units, name), text);
  }

  /** Boots it with these units; resolves when it takes commands, with jobs still under way. */
  async boot(wanted: readonly string[]): Promise<void> {
    this.unit("test.target", `[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=${wanted.join(" ")}\n`);
    const enclosed =
      this.#root === undefined
        ? inControlGroup(this.#group(), enter, this.#units, this.#packages ? "packages" : "")
        : inControlGroup(this.#group(), enterRoot, this.#units, this.#root);
    const words = [...this.#network, ...enclosed];
    this.#child = new Child(words[0] ?? "", words.slice(1));
    await eventually(
      "systemd",
      IN_TIME,
      // "offline" until it listens.
      async () => /^(starting|running|degraded)\s*$/.test(await this.#try("is-system-running")) || undefined,
    );
  }

  /** What `systemctl` writes. It fails if that does. */
  async ctl(...args: readonly string[]): Promise<string> {
    return await this.inside("systemctl", ...args);
  }

  async property(unit: string, name: string): Promise<string> {
    return (await this.ctl("show", `--property=${name}`, "--value", "--", unit)).trim();
  }

  /** Runs a command on this host. */
  async inside(...command: readonly string[]): Promise<string> {
    const nsenter = ["--target", this.#process1(), "--mount", "--pid", "--cgroup", ...command];
    return await new Promise((resolve, reject) => {
      execFile("nsenter", nsenter, { timeout: COMMAND_LIMIT, maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${command.join(" ")}: ${stderr}${stdout}`, { cause: error }));
        else resolve(stdout);
      });
    });
  }

  /** Resolves when its shutdown, which somebody has asked for, is over. */
  async ended(): Promise<void> {
    await this.#child?.exited;
    await this.#removeGroup();
  }

  async close(): Promise<void> {
    await this.#child?.stop("SIGKILL", 0);
    await this.#removeGroup();
  }

  get output(): string {
    return this.#child?.output ?? "";
  }

  #group(): string {
    return `masakari-test-${this.#name}-${this.#boots}`;
  }

  async #removeGroup(): Promise<void> {
    const group = this.#group();
    this.#boots++;
    await removeControlGroup(group);
  }

  /** The pid of its systemd, as this machine counts. */
  #process1(): string {
    const { pid } = this.#child ?? {};
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    if (text === "") throw new Error(`systemd does not run:\n${this.output}`);
    return text;
  }

  /** is-system-running fails for every state but `running`. */
  async #try(command: string): Promise<string> {
    return await this.inside("sh", "-c", `systemctl ${command} 2>/dev/null || true`);
  }
}
