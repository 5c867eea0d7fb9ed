import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { guarded } from "./guardian.ts";
import type { SandboxService } from "./services.ts";
import type { Speaker, Timeline } from "./timeline.ts";

/** The real program, as an operator's service manager starts it. */
export const processMonitor = fileURLToPath(new URL("../../../bin/masakari-processmonitor", import.meta.url));

const speakers: Readonly<Record<string, Speaker>> = {
  "masakarimonitors.notify": "outbox",
  "masakarimonitors.openstack": "keystone",
};

/** Writes the configuration and the process list, both in upstream's own form. @returns the configuration's path */
export function writeConfiguration(
  directory: string,
  hostname: string,
  services: readonly SandboxService[],
  apiSection: string,
): string {
  const list = services.map(
    (service) => `-
    process_name: ${service.program}
    start_command: ${service.startCommand}
    pre_start_command:
    post_start_command:
    restart_command: ${service.restartCommand}
    pre_restart_command:
    post_restart_command:
    run_as_root: False
`,
  );
  const listPath = join(directory, "process_list.yaml");
  writeFileSync(listPath, list.join(""));
  const path = join(directory, "masakarimonitors.conf");
  // Shorter waits than the defaults, so that a newcomer sees each thing end within seconds.
  const text = `[DEFAULT]
hostname = ${hostname}
state_path = ${join(directory, "state")}
logging_default_format_string = %(created)s %(levelname)s %(name)s %(message)s

${apiSection}
[process]
process_list_path = ${listPath}
check_interval = 1
settle = 0.5
restart_retries = 1
restart_interval = 1
api_retry_interval = 2
`;
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

export interface MonitorProcessParts {
  readonly program: string;
  /** The sandbox's; left out of what is shown, for lines that can be read. */
  readonly directory: string;
  /** Whose lines its log is; by default by the part of the program that logs. */
  readonly speaker?: Speaker;
}

/** A monitor's program as a child process, its log on the timeline. */
export class MonitorProcess {
  readonly #timeline: Timeline;
  readonly #parts: MonitorProcessParts;
  #child: ChildProcess | undefined;

  constructor(timeline: Timeline, parts: MonitorProcessParts) {
    this.#timeline = timeline;
    this.#parts = parts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @param onEnd called when it ends without having been asked to */
  start(configuration: string, onEnd: (how: string) => void): void {
    // A group of its own: Ctrl-C in the terminal is the sandbox's, which stops it in order.
    const child = spawn(this.#parts.program, ["--config-file", configuration], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
      env: guarded(this.#parts.directory),
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on("line", (line) => this.#show(line));
    child.on("error", (error) => onEnd(error.message));
    child.on("exit", (code, signal) => {
      if (this.#child === child) onEnd(`status ${code ?? signal}`);
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(force);
  }

  /** As its host's death does. */
  kill(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
  }

  #show(line: string): void {
    const { directory, speaker } = this.#parts;
    const parts = /^([\d.]+) ([A-Z]+) (\S+) (.*)$/.exec(line);
    if (!parts) {
      this.#timeline.add(speaker ?? "monitor", line);
      return;
    }
    const [, seconds = "", level = "", name = "", text = ""] = parts;
    const short = text.replaceAll(`${directory}/services/`, "").replaceAll(`${directory}/`, ".../");
    const shown = level === "INFO" ? short : `${level}: ${short}`;
    this.#timeline.add(speaker ?? speakers[name] ?? "monitor", shown, Number(seconds) * 1000);
  }
}
