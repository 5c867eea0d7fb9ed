import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Child, type Exit } from "./child.ts";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const COMMAND_LIMIT = 60_000;

export interface ContainerOptions {
  /** The folder that `buildImage` returned. */
  readonly image: string;
  /** Of this test: each container gets a layer of its own in it, as from an engine. */
  readonly folder: string;
  readonly hostname: string;
  readonly uid: number;
  readonly gid: number;
  /** Further ones; default none. */
  readonly groups?: readonly number[];
  readonly env: Readonly<Record<string, string>>;
  /** `PATH ON THE HOST:PATH IN THE CONTAINER`, with `:ro` behind it if it may not be changed. */
  readonly volumes: readonly string[];
  /** The words that run it on the network of its host, where that is not this machine. */
  readonly network?: readonly string[];
  /** Kubernetes' hostPID, Docker's `--pid host`. */
  readonly hostPid?: boolean;
  /** Kubernetes' allowPrivilegeEscalation. */
  readonly privilegeEscalation?: boolean;
  /** Programs of this machine that the image does not have. */
  readonly without: readonly string[];
}

/** Makes the root, and runs what follows as the container's user. $1: the image, $2: the layer, $3: the host's name */
const enter = `set -e
mount --make-rprivate /
image=$1 layer=$2
hostname "$3"
shift 3
root="$layer/mounted"
overlay() {
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/$2,workdir=$layer/overlay/$2" "$root/$3"
}
overlay "$image/root" root ""
overlay "$image/usr:/usr" usr usr
overlay "$image/etc:/etc" etc etc
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "ptmx 5 2"; do
  set -- "$device" "$@"
  mknod -m 666 "$root/dev/\${1%% *}" c $(echo "\${1#* }")
  shift
done
mkdir "$root/dev/pts"
mount -t devpts -o ptmxmode=666 devpts "$root/dev/pts"
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
chmod 1777 "$root/tmp"
while [ "$1" != -- ]; do
  from=\${1%%:*} to=\${1#*:}
  target="$root\${to%:ro}"
  if [ -d "$from" ]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")"; touch "$target"; fi
  mount --bind "$from" "$target"
  [ "$to" = "\${to%:ro}" ] || mount -o remount,bind,ro "$target"
  shift
done
shift
while [ "$1" != -- ]; do
  rm -f "$root$1"
  shift
done
shift
mkdir "$root/host"
cd "$root"
pivot_root . host
umount -l /host
rmdir /host
exec "$@"
`;

/** A container as Docker or Kubernetes start it, made of namespaces and overlays, without an engine; on the host's network. As root. */
export class Container {
  readonly #options: ContainerOptions;
  readonly #child: Child;

  constructor(options: ContainerOptions, command: readonly string[]) {
    this.#options = options;
    const layer = mkdtempSync(join(options.folder, "layer-"));
    for (const part of ["mounted", ...["root", "usr", "etc"].flatMap((name) => [name, `overlay/${name}`])]) {
      mkdirSync(join(layer, part), { recursive: true, mode: 0o755 });
    }
    const script = [enter, "enter", options.image, layer, options.hostname];
    const mounted = [...options.volumes, "--", ...options.without, "--"];
    const namespaces = ["--mount", "--uts", "--ipc", ...(options.hostPid ? [] : ["--pid"])];
    const unshare = [...namespaces, "--fork", "--kill-child=SIGKILL", "sh", "-c", ...script, ...mounted];
    const words = [...(options.network ?? []), "unshare", ...unshare, ...this.#asUser(), ...command];
    this.#child = new Child(words[0] ?? "", words.slice(1));
  }

  get output(): string {
    return this.#child.output;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  async line(pattern: RegExp, withinMs: number): Promise<string> {
    return await this.#child.line(pattern, withinMs);
  }

  /** What a probe or `docker exec` runs. @returns its exit status and all that it wrote */
  async exec(...command: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
    const target = ["--target", String(this.#process1()), "--mount", "--uts", "--ipc"];
    const args = [...target, ...(this.#options.hostPid ? [] : ["--pid"]), ...this.#asUser(), ...command];
    return await new Promise((resolve) => {
      execFile("nsenter", args, { timeout: COMMAND_LIMIT }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal), output: `${stdout}${stderr}` }),
      );
    });
  }

  /** As `docker stop`: SIGTERM to its first process, SIGKILL after the grace. */
  async stop(): Promise<Exit> {
    process.kill(this.#process1(), "SIGTERM");
    const grace = setTimeout(() => this.#child.signal("SIGKILL"), COMMAND_LIMIT);
    try {
      return await this.#child.exited;
    } finally {
      clearTimeout(grace);
    }
  }

  /** As `docker kill`, and as the kernel does when memory is short. */
  async kill(): Promise<void> {
    if (!this.#child.running) return;
    process.kill(this.#process1(), "SIGKILL");
    await this.#child.exited;
  }

  /** Its pid, as this machine counts. */
  #process1(): number {
    const { pid } = this.#child;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    if (!first) throw new Error(`the container does not run:\n${this.output}`);
    return Number(first);
  }

  #asUser(): readonly string[] {
    const { uid, gid, groups = [], env, privilegeEscalation = false } = this.#options;
    const supplementary = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join()}`;
    const rights = privilegeEscalation ? [] : ["--no-new-privs"];
    const setpriv = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, supplementary, ...rights];
    const variables = Object.entries({ PATH: SYSTEM_PATH, ...env }).map(([name, value]) => `${name}=${value}`);
    return [...setpriv, "env", "-i", ...variables];
  }
}
