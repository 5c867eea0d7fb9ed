import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../system/message-of.ts";
import { SandboxApi } from "./api.ts";
import { Guardian } from "./guardian.ts";
import { DataCentre } from "./hosts/data-centre.ts";
import { MonitorProcess, processMonitor, writeConfiguration } from "./monitor-process.ts";
import { Pages } from "./pages.ts";
import { isRestartable, isRunning, makeServices, pidOf, type SandboxService, setRestartable } from "./services.ts";
import type { Timeline } from "./timeline.ts";

/** Everything that the sandbox is made of, and what can be done to it. */
export class Stage {
  readonly timeline: Timeline;
  readonly directory: string;
  readonly api: SandboxApi;
  readonly services: readonly SandboxService[];
  readonly hosts: DataCentre;
  readonly pages = new Pages();
  readonly #monitor: MonitorProcess;
  #guardian: Guardian | undefined;
  #apiStopped = false;

  /**
   * Makes the directory and what is in it; nothing runs before `open`.
   * @throws an Error for the user if there is no place for it
   */
  constructor(timeline: Timeline) {
    this.timeline = timeline;
    try {
      this.directory = mkdtempSync(join(tmpdir(), "masakari-sandbox-"));
    } catch (cause) {
      const why = messageOf(cause);
      throw new Error(
        `cannot make a directory in ${tmpdir()} (${why}); set TMPDIR to a directory that can be written`,
        {
          cause,
        },
      );
    }
    this.api = new SandboxApi(this.directory, timeline);
    this.services = makeServices(this.directory);
    this.hosts = new DataCentre(timeline, this.directory);
    this.#monitor = new MonitorProcess(timeline, { program: processMonitor, directory: this.directory });
  }

  get monitorPid(): number | undefined {
    return this.#monitor.pid;
  }

  /** Starts the control plane, registers the hosts, and starts the monitors; that of processes starts the services. */
  async open(onMonitorEnd: (how: string) => void, signal: AbortSignal): Promise<void> {
    await this.api.start();
    await this.api.registerHosts("sandbox", [hostname()], signal);
    await this.api.registerHosts("simulated", this.hosts.names, signal);
    this.timeline.add(
      "sandbox",
      `embedded Keystone and masakari-api run; ${hostname()} is in segment "sandbox", 8 simulated hosts are in segment "simulated"`,
    );
    const { apiSection } = this.api;
    await this.pages.choosePorts(1 + this.hosts.monitorNames.length);
    const sections = apiSection + this.pages.sections(0, "processmonitor");
    const configuration = writeConfiguration(this.directory, hostname(), this.services, sections);
    this.#monitor.start(configuration, onMonitorEnd);
    this.#guardian = new Guardian(this.directory);
    const services = this.services.map(({ name }) =>
      this.timeline.next(
        `${name} is started`,
        ({ text }) => text.startsWith(`${name} `) && /is running/.test(text),
        60_000,
        signal,
      ),
    );
    const ofHost = (index: number): string => apiSection + this.pages.sections(1 + index, "hostmonitor");
    await Promise.all([...services, this.hosts.open(ofHost, onMonitorEnd, signal)]);
  }

  service(name: string): SandboxService | undefined {
    return this.services.find((service) => service.name === name || service.name === `sandbox-${name}`);
  }

  /**
   * Kills the service. While the API is stopped its restart command is broken first, once: else it would just be
   * restarted, and nothing would have to wait for the API.
   */
  kill(service: SandboxService): void {
    if (this.#apiStopped && isRestartable(service)) this.breakRestart(service);
    const pid = pidOf(service);
    this.timeline.fact(`kill -9 ${pid} (${service.name})`);
    process.kill(pid, "SIGKILL");
  }

  breakRestart(service: SandboxService): void {
    setRestartable(service, false);
    this.timeline.add("you", `broke the restart command: chmod -x ${service.restartCommand}`);
  }

  mendRestart(service: SandboxService): void {
    setRestartable(service, true);
    this.timeline.add("you", `repaired the restart command: chmod +x ${service.restartCommand}`);
  }

  /** Starts the service by hand, as an operator does who has learnt that it is down; no second time if it runs. */
  async startByHand(service: SandboxService): Promise<void> {
    if (isRunning(service)) {
      this.timeline.print(`${service.name} is running already (pid ${pidOf(service)})`);
      return;
    }
    this.timeline.fact(`started ${service.name} by hand: ${service.startCommand}`);
    await once(spawn(service.startCommand, { stdio: "ignore" }), "exit");
  }

  async stopApi(): Promise<void> {
    if (this.#apiStopped) {
      this.timeline.print("the API is stopped already");
      return;
    }
    this.#apiStopped = true;
    await this.api.stop();
    this.timeline.fact("stopped the API");
  }

  async startApi(): Promise<void> {
    if (!this.#apiStopped) {
      this.timeline.print("the API is running already");
      return;
    }
    this.#apiStopped = false;
    this.timeline.fact("started the API");
    await this.api.start();
  }

  /** Stops everything that was started and removes the directory. */
  async close(): Promise<void> {
    await Promise.all([this.#monitor.stop(), this.hosts.close()]);
    await this.api.stop();
    for (const service of this.services) {
      if (isRunning(service)) process.kill(pidOf(service), "SIGTERM");
    }
    // A service may write its heartbeat meanwhile.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
    this.#guardian?.dismiss();
  }
}
