import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../control-plane/control-plane.ts";
import { userAgent } from "../../http/user-agent.ts";
import { createSession } from "../../openstack/create-session.ts";
import { MasakariClient } from "../../openstack/masakari.ts";
import { silentLog } from "../../system/silent-log.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import type { Timeline } from "./timeline.ts";

/** The embedded control plane as the sandbox's operator has it: it can be stopped and started again where it was. */
export class SandboxApi {
  readonly password = randomBytes(12).toString("base64url");
  readonly #directory: string;
  readonly #timeline: Timeline;
  #running: ControlPlane | undefined;
  #ports = { keystonePort: 0, masakariPort: 0 };
  #keystoneUrl = "";

  constructor(directory: string, timeline: Timeline) {
    this.#directory = directory;
    this.#timeline = timeline;
  }

  /** The `[api]` section that a monitor needs. */
  get apiSection(): string {
    return `[api]
region = RegionOne
auth_type = password
auth_url = ${this.#keystoneUrl}
username = masakari
password = ${this.password}
project_name = service
user_domain_name = Default
project_domain_name = Default
`;
  }

  /** A login as an openrc file sets it, for the `masakari` command. */
  get environment(): Readonly<Record<string, string>> {
    return {
      OS_AUTH_URL: this.#keystoneUrl,
      OS_USERNAME: "masakari",
      OS_PASSWORD: this.password,
      OS_PROJECT_NAME: "service",
      OS_USER_DOMAIN_NAME: "Default",
      OS_PROJECT_DOMAIN_NAME: "Default",
      OS_REGION_NAME: "RegionOne",
      no_proxy: "127.0.0.1",
    };
  }

  async start(): Promise<void> {
    if (this.#running) return;
    const running = await startControlPlane({
      ...this.#ports,
      database: join(this.#directory, "control-plane.sqlite"),
      users: [{ name: "masakari", password: this.password, project: "service", roles: ["admin"] }],
      log: silentLog,
      onNotification: ({ arrivedAt, type, payload, notificationUuid, hostname }) => {
        const about = Object.values(payload).join(" ");
        this.#timeline.add(
          "masakari",
          `POST arrived: ${type} ${about} on ${hostname}; stored as ${notificationUuid}`,
          arrivedAt,
        );
      },
      onRequest: ({ service, method, url, status, arrivedAt, durationMs }) => {
        if (method !== "POST" || service !== "masakari" || !url.endsWith("/notifications")) return;
        this.#timeline.add("masakari", `returned ${status}`, arrivedAt + durationMs);
      },
    });
    this.#running = running;
    this.#keystoneUrl = running.keystoneUrl;
    // The same ports next time: the monitor's configuration names them.
    this.#ports = { keystonePort: port(running.keystoneUrl), masakariPort: port(running.masakariUrl) };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  /** Creates a segment with these hosts in it, through the API, as an operator does. */
  async registerHosts(segmentName: string, hostnames: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#withClient(async (client) => {
      const segment = await client.createSegment(
        { name: segmentName, recovery_method: "auto", service_type: "COMPUTE" },
        { signal },
      );
      for (const name of hostnames) {
        await client.createHost(segment.uuid, { name, type: "COMPUTE", control_attributes: "SSH" }, { signal });
      }
    });
  }

  /** How many notifications Masakari holds about a process. */
  async countAbout(processName: string, signal: AbortSignal): Promise<number> {
    return await this.#withClient(async (client) => {
      const stored = await client.listNotifications({}, { signal });
      return stored.filter(({ payload }) => payload.process_name === processName).length;
    });
  }

  /** How many notifications Masakari holds that a host is down, so that the engine would evacuate its guests. */
  async countDownHosts(signal: AbortSignal): Promise<number> {
    return await this.#withClient(async (client) => {
      const stored = await client.listNotifications({ type: "COMPUTE_HOST" }, { signal });
      return stored.filter(({ payload }) => payload.event === "STOPPED" && payload.host_status === "NORMAL").length;
    });
  }

  async #withClient<T>(use: (client: MasakariClient) => Promise<T>): Promise<T> {
    const api = {
      auth_type: "password",
      auth_url: this.#keystoneUrl,
      username: "masakari",
      password: this.password,
      project_name: "service",
      user_domain_name: "Default",
      project_domain_name: "Default",
    };
    const context = { userAgent: userAgent("masakari-sandbox", packageVersion()), clock: systemClock, log: silentLog };
    const session = await createSession(api, context);
    try {
      return await use(new MasakariClient(session));
    } finally {
      session.close();
    }
  }
}

const port = (url: string): number => Number(new URL(url).port);
