import { randomUUID } from "node:crypto";
import { callJson, SetUpCallError } from "./keystone-api.ts";

export interface Host {
  readonly uuid: string;
  readonly name: string;
  readonly segment: string;
}

export interface StoredNotification {
  readonly notification_uuid: string;
  readonly generated_time: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly status: string;
  readonly source_host_uuid: string;
}

/** The operator's side of Masakari: registers hosts, and looks at what became of notifications. */
export class MasakariApi {
  readonly #url: string;
  readonly #token: string;

  /** @param url with `/v1` */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /**
   * Registers a host in a segment of its own.
   * @param recovery false: the engine files notifications of this host as `ignored`, so that it never goes on
   *   maintenance and later ones are taken too
   */
  async registerHost(name: string, recovery = true): Promise<Host> {
    const [host] = await this.registerHosts([name], recovery);
    if (host === undefined) throw new Error(`${name} was not registered`);
    return host;
  }

  /** As `registerHost`, all in one segment. */
  async registerHosts(names: readonly string[], recovery = true): Promise<readonly Host[]> {
    const { body } = await this.#call("POST", "/segments", {
      segment: {
        name: `segment-${randomUUID()}`,
        recovery_method: "auto",
        service_type: "COMPUTE",
        enabled: recovery,
      },
    });
    const segment: string = body.segment.uuid;
    const hosts: Host[] = [];
    for (const name of names) {
      const made = await this.#call("POST", `/segments/${segment}/hosts`, {
        host: { name, type: "COMPUTE", control_attributes: "SSH" },
      });
      hosts.push({ uuid: made.body.host.uuid, name, segment });
    }
    return hosts;
  }

  async onMaintenance(host: Host): Promise<boolean> {
    const { body } = await this.#call("GET", `/segments/${host.segment}/hosts/${host.uuid}`);
    return body.host.on_maintenance;
  }

  async setMaintenance(host: Host, on_maintenance: boolean): Promise<void> {
    await this.#call("PUT", `/segments/${host.segment}/hosts/${host.uuid}`, { host: { on_maintenance } });
  }

  /** @param enabled false: the engine files notifications about its hosts as `ignored` */
  async setEnabled(host: Host, enabled: boolean): Promise<void> {
    await this.#call("PUT", `/segments/${host.segment}`, { segment: { enabled } });
  }

  /** Deletes the host's segment, and all hosts in it, unless notifications about them are still being worked on. */
  async deleteSegment(host: Host): Promise<void> {
    try {
      await this.#call("DELETE", `/segments/${host.segment}`);
    } catch (error) {
      if (!(error instanceof SetUpCallError && error.status === 409)) throw error;
    }
  }

  /** All notifications about the host (up to the 1000 that Masakari gives at once), newest first. */
  async notifications(host: Host): Promise<readonly StoredNotification[]> {
    const { body } = await this.#call("GET", `/notifications?source_host_uuid=${host.uuid}`);
    return body.notifications;
  }

  async #call(method: string, path: string, body?: unknown) {
    return await callJson(method, `${this.#url}${path}`, {
      token: this.#token,
      headers: { "OpenStack-API-Version": "instance-ha 1.2" },
      ...(body === undefined ? {} : { body }),
    });
  }
}
