import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PROJECT } from "./host.ts";

const run = promisify(execFile);

/** Made by `install-packages.sh --debian-packages`: Debian 12 for arm64, with what our packages depend on. */
const ROOT = "/var/cache/masakari-monitors-tests/debian-arm64";
const withArm64 = fileURLToPath(new URL("with-arm64.sh", import.meta.url));
const COMMAND_LIMIT = 300_000;
const ENVIRONMENT = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"];

/**
 * Process 1 of namespaces, in a root of which nothing is changed; it ends with its input. It writes its pid as this machine counts: the
 * /proc that it begins with is this machine's. $1: the root; $2: the directory that is its /run/tests
 */
const enter = `set -e
read -r pid rest </proc/self/stat
mount -t tmpfs tmpfs /mnt
mkdir /mnt/changes /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=/mnt/changes,workdir=/mnt/work" /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
  set -- "$1" "$2" $device
  mknod -m 666 "dev/$3" c "$4" "$5"
done
mkdir run/tests
mount --rbind "$2" run/tests
echo "$pid"
exec chroot . cat
`;

const EMULATOR = "/usr/bin/qemu-aarch64-static";

export const whySkipped = reason();

function reason(): string | false {
  if (process.getuid?.() !== 0) return "only root can make the namespaces for another root";
  if (process.arch !== "x64") return "it is about packages for another architecture";
  if (![EMULATOR, join(ROOT, "complete")].every((path) => existsSync(path)))
    return "needs install-packages.sh --debian-packages";
  return !existsSync("/proc/sys/fs/binfmt_misc") && "this kernel has no binfmt_misc";
}

/** Debian 12 for arm64 on this machine's kernel and network, its programs run by qemu-user-static. It has no systemd that runs. */
export class Arm64Host {
  /** Its /run/tests. */
  readonly tests: string;
  readonly #directory: string;
  #keeper: ChildProcess | undefined;
  #pid = "";

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), "arm64-"));
    this.tests = join(this.#directory, "tests");
    mkdirSync(this.tests);
  }

  /** Makes our packages as docs/packages.md has it for another architecture. npm fetches what it does not have in its cache. */
  async packages(): Promise<void> {
    const arm64 = join(this.#directory, "arm64");
    mkdirSync(arm64);
    for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(PROJECT, name), join(arm64, name));
    const npm = ["ci", "--os=linux", "--cpu=arm64", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit"];
    await run("npm", npm, { cwd: arm64 });
    const options = ["--architecture", "arm64", "--modules", join(arm64, "node_modules"), "--compression", "none"];
    const words = ["bin/launch", "scripts/package.ts", ...options, "--output", join(this.tests, "packages")];
    await run("sh", words, { cwd: PROJECT });
  }

  /** What is mounted below `tests` beforehand is there too. */
  async boot(): Promise<void> {
    const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL"];
    const keeper = spawn("sh", [withArm64, ...namespaces, "sh", "-c", enter, "enter", ROOT, this.tests], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#keeper = keeper;
    const lines = createInterface({ input: keeper.stdout });
    const exited = once(keeper, "exit").then(([code]) => {
      throw new Error(`the root for arm64 could not be entered (${code})`);
    });
    [this.#pid] = await Promise.race([once(lines, "line"), exited]);
    // Its end is no failure from here on.
    exited.catch(() => undefined);
  }

  /** Runs a command of its shell as root. @returns what it writes @throws if it fails */
  async shell(script: string): Promise<string> {
    const inside = ["--target", this.#pid, "--mount", "--pid", "--root", "--wd", "env", "-i", ...ENVIRONMENT];
    const words = [...inside, "sh", "-ec", `exec 2>&1 </dev/null; ${script}`];
    try {
      const { stdout } = await run("nsenter", words, { timeout: COMMAND_LIMIT, maxBuffer: 16_000_000 });
      return stdout;
    } catch (error) {
      throw new Error(`${script}: ${(error as { stdout?: string }).stdout}`, { cause: error });
    }
  }

  /** Starts a command that runs on. Its output is `NAME.log` in `tests`. @returns its pid there */
  async start(name: string, command: string): Promise<number> {
    return Number(await this.shell(`setsid ${command} >>/run/tests/${name}.log 2>&1 & echo $!`));
  }

  /** Ends whatever runs there. */
  async shutDown(): Promise<void> {
    if (this.#keeper === undefined || this.#keeper.exitCode !== null) return;
    const ended = once(this.#keeper, "exit");
    this.#keeper.stdin?.end();
    await ended;
  }

  /** When nothing of the test is mounted below `tests` any more. */
  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
