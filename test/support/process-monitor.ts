import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child, killIfThere, startNamedProcess } from "./child.ts";

/** The keys of an entry of process_list.yaml that a test cares for; the rest is empty, as in upstream's sample. */
export interface ListEntry {
  readonly process_name: string;
  readonly start_command?: string;
  readonly restart_command?: string;
  /** Options beyond upstream's, e.g. `settle`. */
  readonly extra?: Readonly<Record<string, string | number>>;
}

/** A process list as operators write it. The restart command fails unless the entry has another. */
export function processList(entries: readonly ListEntry[]): string {
  return entries
    .map((entry) =>
      [
        "-",
        `    process_name: ${entry.process_name}`,
        `    start_command: ${entry.start_command ?? ""}`,
        "    pre_start_command:",
        "    post_start_command:",
        `    restart_command: ${entry.restart_command ?? "/bin/false"}`,
        "    pre_restart_command:",
        "    post_restart_command:",
        "    run_as_root: True",
        ...Object.entries(entry.extra ?? {}).map(([key, value]) => `    ${key}: ${value}`),
        "",
      ].join("\n"),
    )
    .join("");
}

type Options = Readonly<Record<string, string | number>>;

/** `[process]` options that make tests quick: no settling, one round without a pause, a scan each second. */
export const quick: Options = {
  check_interval: 1,
  restart_retries: 0,
  restart_interval: 0,
  settle: 0,
  boot_grace: 0,
  api_retry_max: 2,
  api_retry_interval: 1,
};

export interface RigOptions {
  /** `[DEFAULT] hostname`: what notifications have. */
  readonly hostname: string;
  /** An `[api]` section, header included. */
  readonly api: string;
  /** `[process]`; `quick` if not given. */
  readonly process?: Options;
  /** `[notifications]`; a retry at least every two seconds if not given. */
  readonly notifications?: Options;
  readonly debug?: boolean;
  /** Whether the monitor looks beforehand whether Masakari would act, with requests of its own; it does if not given. */
  readonly checksBeforehand?: boolean;
  /** The monitor to run; ours if not given. */
  readonly monitor?: MonitorProgram;
}

export interface MonitorProgram {
  readonly path: string;
  /** The line that it logs when the first check of a process is done. */
  readonly watching: RegExp;
}

export const ours: MonitorProgram = {
  path: fileURLToPath(new URL("../../bin/masakari-processmonitor", import.meta.url)),
  watching: /\(pid \d+\) is running/,
};

/** A host of its own for one test: a directory, processes to watch, and a monitor to watch them. */
export class Rig {
  readonly directory: string;
  #options: RigOptions;
  #children: Child[] = [];
  #monitors: Child[] = [];
  /** What runs the monitor's program. */
  #prefix: readonly string[] = [];

  /** Use `Rig.create`. */
  constructor(directory: string, options: RigOptions) {
    this.directory = directory;
    this.#options = options;
  }

  static async create(options: RigOptions): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), "masakari-rig-")), options);
    await mkdir(join(rig.directory, "state"));
    await rig.configure(options.api);
    await rig.list([]);
    return rig;
  }

  get #program(): MonitorProgram {
    return this.#options.monitor ?? ours;
  }

  get configFile(): string {
    return join(this.directory, "masakarimonitors.conf");
  }

  get listFile(): string {
    return join(this.directory, "process_list.yaml");
  }

  /** Full path of a watched process of this rig: no other process on the machine is called so. */
  path(name: string): string {
    return join(this.directory, "bin", name);
  }

  /** Writes the configuration with this `[api]` section, and with another hostname if one is given. */
  async configure(api: string, hostname = this.#options.hostname): Promise<void> {
    const {
      debug = true,
      process = quick,
      notifications = { retry_backoff_max: 2 },
      checksBeforehand = true,
    } = this.#options;
    const section = (name: string, options: Options) =>
      [`[${name}]`, ...Object.entries(options).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
    const text = [
      section("DEFAULT", {
        debug: String(debug),
        hostname,
        state_path: join(this.directory, "state"),
        ...(checksBeforehand ? {} : { masakari_check_interval: 0 }),
      }),
      api,
      section("process", { process_list_path: this.listFile, ...process }),
      section("notifications", notifications),
    ].join("\n");
    await writeFile(this.configFile, text, { mode: 0o600 });
  }

  /** Replaces the process list at once, as editors and configuration tools do. */
  async list(entries: readonly ListEntry[] | string): Promise<void> {
    const text = typeof entries === "string" ? entries : processList(entries);
    await writeFile(`${this.listFile}.new`, text);
    await rename(`${this.listFile}.new`, this.listFile);
  }

  /** Lists entries with these names, whose restart fails. */
  async listed(...names: readonly string[]): Promise<void> {
    await this.list(names.map((name) => ({ process_name: this.path(name) })));
  }

  startProcess(name: string): Child {
    const child = startNamedProcess(this.path(name));
    this.#children.push(child);
    return child;
  }

  /** Any other process of the test, ended with the rig. */
  spawn(command: string, args: readonly string[], argv0?: string): Child {
    const child = new Child(command, args, argv0 === undefined ? {} : { argv0 });
    this.#children.push(child);
    return child;
  }

  async file(path: string, text: string): Promise<void> {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
  }

  /**
   * A restart (or start) command for a process: it notes each round, fails the first `failures` times, and then starts
   * the process, detached as a service manager's children are.
   */
  async restartScript(name: string, { failures }: { readonly failures: number }): Promise<string> {
    const script = join(this.directory, `restart-${name}.sh`);
    await this.file(
      script,
      [
        `echo round >>${this.directory}/rounds-${name}`,
        `[ "$(wc -l <${this.directory}/rounds-${name})" -gt ${failures} ] || exit 1`,
        `setsid /bin/bash -c 'exec -a "$0" /bin/sleep 900' ${this.path(name)} >/dev/null 2>&1 </dev/null &`,
        `echo $! >>${this.directory}/started`,
        "",
      ].join("\n"),
    );
    return `/bin/bash ${script}`;
  }

  /** How often the script of `restartScript` has been run. */
  async rounds(name: string): Promise<number> {
    const text = await readFile(`${this.directory}/rounds-${name}`, "utf8").catch(() => "");
    return text.split("\n").length - 1;
  }

  /** Starts the monitor; resolves as soon as it has logged that it found a first process, and (ours) all of `names`. */
  async start(...names: readonly string[]): Promise<Child> {
    const monitor = this.startUnawaited();
    await monitor.line(this.#program.watching, 60_000);
    for (const name of names) await monitor.line(this.running(name), 60_000);
    return monitor;
  }

  /** The line that ours logs when it has found a process and watches it. */
  running(name: string): RegExp {
    return new RegExp(`${this.path(name)} \\(pid \\d+\\) (?!has ended)`);
  }

  /** From here on its monitors may have so many file descriptors. */
  limitDescriptors(limit: number): void {
    this.#prefix = ["/usr/bin/prlimit", `--nofile=${limit}:${limit}`];
  }

  startUnawaited(): Child {
    const [command = "", ...args] = [...this.#prefix, this.#program.path, "--config-file", this.configFile];
    const monitor = new Child(command, args);
    this.#monitors.push(monitor);
    return monitor;
  }

  /** What all monitors of the rig wrote, for the report of a failed test. */
  get output(): string {
    return this.#monitors.map((monitor) => monitor.output).join("\n----- restarted\n");
  }

  async close(): Promise<void> {
    await Promise.all(this.#monitors.map(async (monitor) => await monitor.stop()));
    await Promise.all(this.#children.map(async (child) => await child.stop("SIGKILL")));
    const started = await readFile(`${this.directory}/started`, "utf8").catch(() => "");
    for (const pid of started.split("\n").filter(Boolean)) {
      // The pid may be another's by now: only what carries this rig's directory in its name is ended.
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (command.includes(this.directory)) killIfThere(Number(pid));
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}
