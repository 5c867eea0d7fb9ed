import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child, startVictim } from "./child.ts";

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
  api_retry_max: 2,
  api_retry_interval: 1,
};

export interface RigOptions {
  /** `[DEFAULT] hostname`: what notifications say. */
  readonly hostname: string;
  /** An `[api]` section, header included. */
  readonly api: string;
  /** `[process]`; `quick` if not given. */
  readonly process?: Options;
  /** `[notifications]`; a retry at least every two seconds if not given. */
  readonly notifications?: Options;
  readonly debug?: boolean;
  /** The monitor to run; ours if not given. */
  readonly monitor?: MonitorProgram;
}

export interface MonitorProgram {
  readonly path: string;
  /** The line by which it says that the first check of a process is done. */
  readonly watching: RegExp;
}

export const ours: MonitorProgram = {
  path: fileURLToPath(new URL("../../bin/masakari-processmonitor", import.meta.url)),
  watching: /WATCHING-PLACEHOLDER/,
};

/** A host of its own for one test: a directory, processes to watch, and a monitor to watch them. */
export class Rig {
  readonly directory: string;
  #options: RigOptions;
  #children: Child[] = [];
  #monitors: Child[] = [];

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

  /** Writes the configuration with this `[api]` section. */
  async configure(api: string): Promise<void> {
    const { debug = true, hostname, process = quick, notifications = { retry_backoff_max: 2 } } = this.#options;
    const section = (name: string, options: Options) =>
      [`[${name}]`, ...Object.entries(options).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
    const text = [
      section("DEFAULT", {
        debug: String(debug),
        hostname,
        state_path: join(this.directory, "state"),
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

  /** Starts processes of these names, and lists them. */
  async watch(...names: readonly string[]): Promise<Child[]> {
    const victims = names.map((name) => this.victim(name));
    await this.list(names.map((name) => ({ process_name: this.path(name) })));
    return victims;
  }

  victim(name: string): Child {
    const child = startVictim(this.path(name));
    this.#children.push(child);
    return child;
  }

  /** Any other process of the test, ended with the rig. */
  spawn(command: string, args: readonly string[], argv0?: string): Child {
    const child = new Child(command, args, argv0 === undefined ? {} : { argv0 });
    this.#children.push(child);
    return child;
  }

  /** Starts the monitor; resolves as soon as it says that it watches. */
  async start(): Promise<Child> {
    const monitor = this.startUnawaited();
    await monitor.line(this.#program.watching, 20_000);
    return monitor;
  }

  startUnawaited(): Child {
    const monitor = new Child(this.#program.path, ["--config-file", this.configFile]);
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
    await rm(this.directory, { recursive: true, force: true });
  }
}
