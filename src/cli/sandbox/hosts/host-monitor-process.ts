import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MonitorProcess } from "../monitor-process.ts";
import type { Speaker, Timeline } from "../timeline.ts";
import type { SimulatedLook } from "./simulated-driver.ts";

const program = fileURLToPath(new URL("../../../../bin/masakari-hostmonitor", import.meta.url));
const commands = fileURLToPath(new URL("../../../../bin/masakari-monitors", import.meta.url));
const driver = fileURLToPath(new URL("simulated-driver.ts", import.meta.url));

const WITHIN_MS = 60_000;

/** `masakari-hostmonitor` as it runs on one simulated host, with its own configuration and state. */
export class HostMonitorProcess {
  readonly #timeline: Timeline;
  readonly #name: string;
  readonly #directory: string;
  readonly #process: MonitorProcess;
  #onEnd: (how: string) => void = () => undefined;

  /** @param directory the sandbox's. @param name of the simulated host */
  constructor(timeline: Timeline, directory: string, name: string) {
    this.#timeline = timeline;
    this.#name = name;
    this.#directory = join(directory, "hosts", name);
    this.#process = new MonitorProcess(timeline, { program, directory, speaker: this.#speaker });
  }

  get #speaker(): Speaker {
    return `sim:${this.#name}`;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get #configuration(): string {
    return join(this.#directory, "masakarimonitors.conf");
  }

  /** Writes its configuration, with these sections in it, and its driver where nobody else can write. */
  write(sections: string): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const driverPath = join(this.#directory, "driver.ts");
    copyFileSync(driver, driverPath);
    // Shorter waits than the defaults, so that a newcomer sees each thing end within seconds.
    const text = `[DEFAULT]
hostname = ${this.#name}
state_path = ${join(this.#directory, "state")}
logging_default_format_string = %(created)s %(levelname)s %(name)s %(message)s

${sections}
[host]
monitoring_driver = ${driverPath}
monitoring_interval = 1
api_retry_interval = 2
ipmi_timeout = 2
ipmi_retry_interval = 3
reporter_delay = 2
`;
    writeFileSync(this.#configuration, text, { mode: 0o600 });
  }

  /** What the cluster shows to this host from now on. */
  show(look: SimulatedLook): void {
    const path = join(this.#directory, "look.json");
    writeFileSync(`${path}.new`, JSON.stringify(look));
    renameSync(`${path}.new`, path);
  }

  /** @param onEnd called when it ends without having been asked to */
  start(onEnd: (how: string) => void): void {
    this.#onEnd = onEnd;
    this.restart();
  }

  /** Its host is up again. */
  restart(): void {
    this.#process.start(this.#configuration, this.#onEnd);
  }

  /** Resolves when it knows the state of every host. */
  async watches(signal: AbortSignal): Promise<void> {
    await this.#timeline.next(
      `the host monitor of ${this.#name} watches the hosts`,
      ({ speaker, text }) => speaker === this.#speaker && text.startsWith("Watching "),
      WITHIN_MS,
      signal,
    );
  }

  /** Its host dies. */
  kill(): void {
    this.#process.kill();
  }

  /** Runs a command of the operators as on this host. Resolves when it has ended; a failure is shown. */
  async command(words: readonly string[]): Promise<void> {
    await new Promise<void>((resolve) => {
      execFile(
        commands,
        [...words, "--config-file", this.#configuration],
        { timeout: 60_000 },
        (error, _out, problem) => {
          if (error !== null) this.#timeline.print(`${this.#name}: ${problem.trim() || error.message}`);
          resolve();
        },
      );
    });
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
