import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "../../support/eventually.ts";
import { SystemManager } from "../../support/system-manager.ts";

/** Made by `install-packages.sh --debian-packages`: Debian 12 with its Python monitors. */
const ROOT = "/var/cache/masakari-monitors-tests/debian";
export const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));
const IN_TIME = 120_000;
const ENVIRONMENT = [
  "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "LC_ALL=C.UTF-8",
  "DEBIAN_FRONTEND=noninteractive",
];

export const MONITORS = ["host", "instance", "introspective-instance", "process"].map(
  (name) => `masakari-${name}-monitor`,
);

export const CONTROL_PLANE = "masakari-monitors-control-plane";

export const whySkipped =
  process.getuid?.() !== 0
    ? "only root can make the namespaces for a systemd"
    : !existsSync(join(ROOT, "complete")) && "needs install-packages.sh --debian-packages";

/** A host with Debian 12, a systemd, and the packages of Debian's Python monitors. */
export class DebianHost {
  readonly manager: SystemManager;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.manager = new SystemManager(join(directory, "tests"), { root: ROOT });
  }

  static create(context: TestContext): DebianHost {
    const directory = mkdtempSync(join(tmpdir(), "debian-"));
    const host = new DebianHost(directory);
    context.after(async () => {
      await host.manager.close();
      rmSync(directory, { recursive: true });
    });
    return host;
  }

  /** Makes our packages of this version, for `/run/tests/VERSION/` on the host. */
  async packages(version: string): Promise<void> {
    const output = join(this.#directory, "tests", version);
    const options = ["--compression", "none", "--package-version", version, "--output", output];
    await promisify(execFile)("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: PROJECT });
  }

  /** Boots it, with the monitors that are enabled and units of the test. */
  async boot(units: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(units)) this.manager.unit(name, text);
    await this.manager.boot(["dbus.socket", "multi-user.target"]);
  }

  /** Runs a command of the shell as root. @returns what it writes @throws if it fails */
  async shell(script: string): Promise<string> {
    return await this.manager.inside("env", "-i", ...ENVIRONMENT, "sh", "-ec", `exec 2>&1 </dev/null; ${script}`);
  }

  /** Writes a file. @param mode and owner as `install` takes them */
  async file(path: string, text: string, options = "--mode=0640 --group=masakari"): Promise<void> {
    const name = basename(path);
    const source = join(this.#directory, name);
    writeFileSync(source, text);
    copyFileSync(source, join(this.#directory, "tests", name));
    await this.shell(`install ${options} /run/tests/${name} ${path}`);
  }

  async shows(command: string, pattern: RegExp): Promise<string> {
    let last = "";
    return await eventually(`${pattern} of ${command}`, IN_TIME, async () => {
      last = await this.shell(`${command} || true`);
      if (!pattern.test(last)) throw new Error(last.slice(-2000));
      return last;
    });
  }

  /** Waits until a service is up and stays up. */
  async isUp(name: string): Promise<void> {
    await this.shows(
      `systemctl show --property=ActiveState,SubState ${name}; journalctl -u ${name} | tail -5`,
      /ActiveState=active\nSubState=running/,
    );
  }

  async version(name: string): Promise<string> {
    return await this.shell(`dpkg-query -W -f '\${db:Status-Abbrev}\${Version}' ${name} || true`);
  }

  async kill(name: string): Promise<void> {
    await this.shell(`systemctl kill --signal=KILL ${name}.service`);
  }
}
