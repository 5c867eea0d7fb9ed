import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Notification } from "../../src/notify/notification.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { FakeCloud } from "./fake-cloud.ts";
import { json } from "./http-server.ts";

const program = fileURLToPath(new URL("../../bin/masakari-introspectiveinstancemonitor", import.meta.url));

const command = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));

type Options = Readonly<Record<string, string | number | boolean>>;

/** The introspective monitor as it is run, and an API that keeps what is sent to it. */
export class IntrospectiveRig {
  /** The bodies of the notifications that arrived, in order, with when that was. */
  readonly posted: { readonly notification: Notification; readonly at: number }[] = [];
  /** The API answers 503. */
  refusing = false;
  readonly #cloud: FakeCloud;
  readonly #directory: string;
  readonly #monitors: Child[] = [];

  private constructor(cloud: FakeCloud, directory: string) {
    this.#cloud = cloud;
    this.#directory = directory;
  }

  /** Taken down after the test; the monitor's log is shown if it fails. */
  static async create(context: TestContext, uri: string, options: Options = {}): Promise<IntrospectiveRig> {
    const directory = await mkdtemp(join(tmpdir(), "masakari-introspective-"));
    const cloud = await FakeCloud.start();
    cloud.segmentHosts = ["compute1"];
    const rig = new IntrospectiveRig(cloud, directory);
    context.after(() => rig.#close(context));
    cloud.api = (request, response) => {
      if (request.method !== "POST") return json(response, 200, { segments: [] });
      if (rig.refusing) return json(response, 503, {});
      rig.posted.push({ notification: JSON.parse(request.body).notification, at: performance.now() });
      return json(response, 202, { notification: { notification_uuid: `n-${rig.posted.length}` } });
    };
    await mkdir(join(directory, "state"));
    await rig.configure(uri, options);
    return rig;
  }

  /** Writes the configuration; a running monitor reads it at SIGHUP. */
  async configure(uri: string, options: Options = {}): Promise<void> {
    const section = (name: string, values: object) =>
      [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
    const text = [
      section("DEFAULT", { debug: true, hostname: "compute1", state_path: join(this.#directory, "state") }),
      section("api", this.#cloud.options()),
      section("libvirt", { connection_uri: uri }),
      section("callback", { retry_max: 100, retry_interval: 1 }),
      section("introspectiveinstancemonitor", {
        guest_monitoring_interval: 1,
        guest_monitoring_timeout: 1,
        qemu_guest_agent_sock_path: String.raw`r'/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock'`,
        ...options,
      }),
    ].join("\n");
    await writeFile(join(this.#directory, "masakarimonitors.conf"), text, { mode: 0o600 });
  }

  /** Resolves when it has looked at all guests. */
  async start(): Promise<Child> {
    const monitor = new Child(program, ["--config-file", join(this.#directory, "masakarimonitors.conf")]);
    this.#monitors.push(monitor);
    await monitor.line(/watching \d+ guests?/, 60_000);
    return monitor;
  }

  /** What `masakari-monitors status` shows of the monitor. */
  async status(): Promise<string> {
    const status = new Child(command, ["status", "--config-file", join(this.#directory, "masakarimonitors.conf")]);
    await status.exited;
    return status.output;
  }

  /** How often the API was notified about the guest. */
  notificationCount(uuid: string): number {
    return this.posted.filter(({ notification }) => notification.payload.instance_uuid === uuid).length;
  }

  /** Resolves when the API has been notified about the guest this often. */
  async untilNotified(uuid: string, withinMs: number, times = 1): Promise<void> {
    await eventually(`${times} notifications of ${uuid}`, withinMs, () =>
      this.notificationCount(uuid) >= times ? true : undefined,
    );
  }

  async #close(context: TestContext): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.stop()));
    await this.#cloud[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
    // Node has it since 21.7, its types do not.
    if ((context as TestContext & { readonly passed?: boolean }).passed) return;
    const output = this.#monitors.map((monitor) => monitor.output).join("\n----- restarted\n");
    context.diagnostic(`the monitor's output:\n${output.slice(-20_000)}`);
  }
}
