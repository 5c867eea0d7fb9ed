import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Report } from "../../src/status/report.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { FakeCloud } from "./fake-cloud.ts";
import { healthReport } from "./health-report.ts";
import { json } from "./http-server.ts";

const program = fileURLToPath(new URL("../../bin/masakari-instancemonitor", import.meta.url));

export interface InstanceRigOptions {
  /** `[libvirt] connection_uri` */
  readonly uri: string;
  /** What the API takes for each notification, ms. */
  readonly delayMs?: number;
  /** `[instancemonitor]` */
  readonly instancemonitor?: Readonly<Record<string, string | number | boolean>>;
}

interface Posted {
  readonly uuid: string;
  /** `payload.event/payload.vir_domain_event` */
  readonly notified: string;
  readonly hostname: string;
  readonly at: number;
}

/** The instance monitor as it is run, and an API that keeps what is sent to it. */
export class InstanceRig {
  readonly posted: Posted[] = [];
  readonly cloud: FakeCloud;
  /** The most notifications that were under way at one time. */
  mostAtOnce = 0;
  #refusing = false;
  #atOnce = 0;
  readonly #directory: string;
  readonly #monitors: Child[] = [];

  private constructor(cloud: FakeCloud, directory: string) {
    this.cloud = cloud;
    this.#directory = directory;
  }

  /** Taken down after the test; the monitor's log is shown if it fails. */
  static async create(context: TestContext, options: InstanceRigOptions): Promise<InstanceRig> {
    const directory = await mkdtemp(join(tmpdir(), "masakari-instance-"));
    const cloud = await FakeCloud.start();
    cloud.segmentHosts = ["compute1"];
    const rig = new InstanceRig(cloud, directory);
    context.after(() => rig.#close(context));
    cloud.api = async (request, response) => {
      if (request.method !== "POST" || !request.path.endsWith("/notifications")) {
        json(response, 200, { segments: [] });
        return;
      }
      if (rig.#refusing) {
        json(response, 503, {});
        return;
      }
      rig.#keep(JSON.parse(request.body).notification);
      rig.mostAtOnce = Math.max(rig.mostAtOnce, ++rig.#atOnce);
      if (options.delayMs) await sleep(options.delayMs);
      rig.#atOnce--;
      json(response, 202, { notification: { notification_uuid: `n-${rig.posted.length}` } });
    };
    await rig.#configure(options);
    return rig;
  }

  /** Resolves when it has looked at all guests. */
  async start(): Promise<Child> {
    const monitor = this.startUnawaited();
    await monitor.line(/watching \d+ guests?/, 60_000);
    return monitor;
  }

  startUnawaited(): Child {
    const monitor = new Child(program, ["--config-file", join(this.#directory, "masakarimonitors.conf")]);
    this.#monitors.push(monitor);
    return monitor;
  }

  /** The monitor's health report, once it fits. */
  async health(what: string, withinMs: number, fits: (report: Report) => boolean): Promise<Report> {
    const place = { statePath: join(this.#directory, "state"), program: "instancemonitor" };
    return await healthReport(place, what, withinMs, fits);
  }

  /** Whether the API answers every notification with 503; what it refuses is not kept here. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** What was notified about one guest, in the order in which it arrived. */
  notificationsOf(uuid: string): string[] {
    return this.posted.filter((one) => one.uuid === uuid).map((one) => one.notified);
  }

  /** Resolves when the API has been notified of this about the guest. */
  async untilNotified(uuid: string, what: string, withinMs = 60_000): Promise<void> {
    await eventually(`${what} of ${uuid}`, withinMs, async () =>
      this.notificationsOf(uuid).includes(what) ? true : undefined,
    );
  }

  #keep(one: { hostname: string; payload: Record<string, string> }): void {
    const { instance_uuid: uuid = "", event, vir_domain_event } = one.payload;
    this.posted.push({ uuid, notified: `${event}/${vir_domain_event}`, hostname: one.hostname, at: performance.now() });
  }

  async #configure({ uri, instancemonitor = {} }: InstanceRigOptions): Promise<void> {
    await mkdir(join(this.#directory, "state"));
    const section = (name: string, options: object) =>
      [`[${name}]`, ...Object.entries(options).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
    const text = [
      section("DEFAULT", { debug: true, hostname: "compute1", state_path: join(this.#directory, "state") }),
      section("api", this.cloud.options()),
      section("libvirt", { connection_uri: uri }),
      section("callback", { retry_max: 2, retry_interval: 1 }),
      section("instancemonitor", instancemonitor),
    ].join("\n");
    await writeFile(join(this.#directory, "masakarimonitors.conf"), text, { mode: 0o600 });
  }

  async #close(context: TestContext): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.stop()));
    await this.cloud[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
    // Node has it since 21.7, its types do not.
    if ((context as TestContext & { readonly passed?: boolean }).passed) return;
    const output = this.#monitors.map((monitor) => monitor.output).join("\n----- restarted\n");
    context.diagnostic(`the monitor's output:\n${output.slice(-20_000)}`);
  }
}
