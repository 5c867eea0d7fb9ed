import { eventually } from "../../support/eventually.ts";
import { callJson } from "../openstack/keystone-api.ts";
import type { Database } from "./database.ts";

export interface ComputeService {
  readonly id: string;
  readonly host: string;
  readonly state: "up" | "down";
  readonly status: "enabled" | "disabled";
  /** Of its last report; null: it has registered only. */
  readonly updated_at: string | null;
  readonly disabled_reason: string | null;
}

export interface Server {
  readonly id: string;
  readonly status: string;
  readonly host: string | null;
  /** What Nova is doing with it; null: nothing. */
  readonly task: string | null;
}

const bootMs = 120_000;

/** The operator's side of Nova: boots guests, and looks at where they are. */
export class NovaApi {
  readonly #url: string;
  readonly #token: string;
  readonly #database: Database;

  /** @param url with `/v2.1` */
  constructor(url: string, token: string, database: Database) {
    this.#url = url;
    this.#token = token;
    this.#database = database;
  }

  async services(): Promise<readonly ComputeService[]> {
    return (await this.#call("GET", "/os-services?binary=nova-compute")).services;
  }

  /** How many hosts the scheduler has found: only these get guests. */
  async mappedHosts(): Promise<number> {
    return Number(await this.#database.run("select count(*) from nova_api.host_mappings"));
  }

  /** @returns all guests, by id */
  async servers(): Promise<ReadonlyMap<string, Server>> {
    const { servers } = await this.#call("GET", "/servers/detail?all_tenants=1");
    return new Map(
      servers.map((one: Record<string, string>) => [
        one.id,
        { id: one.id, status: one.status, host: one["OS-EXT-SRV-ATTR:host"], task: one["OS-EXT-STS:task_state"] },
      ]),
    );
  }

  /** Boots guests without networks on a host. @returns their ids, when all are ACTIVE. @throws if Nova gives one up */
  async boot(host: string, count: number): Promise<readonly string[]> {
    const flavor = { id: "1", name: "tiny", ram: 64, vcpus: 1, disk: 1 };
    if ((await this.#call("GET", "/flavors")).flavors.length === 0) await this.#call("POST", "/flavors", { flavor });
    const ids: string[] = [];
    for (let number = 1; number <= count; number += 1) {
      const imageRef = "11111111-1111-4111-8111-111111111111";
      const server = { name: `${host}-guest-${number}`, imageRef, flavorRef: flavor.id, networks: "none", host };
      ids.push((await this.#call("POST", "/servers", { server })).server.id);
    }
    let failed: string | undefined;
    await eventually(
      `${count} guests to be ACTIVE on ${host}`,
      bootMs,
      async () => {
        const servers = await this.servers();
        failed = ids.find((id) => servers.get(id)?.status === "ERROR");
        return (
          failed !== undefined ||
          ids.every((id) => servers.get(id)?.status === "ACTIVE" && servers.get(id)?.host === host) ||
          undefined
        );
      },
      300,
    );
    if (failed !== undefined) throw new Error(`Nova does not boot ${failed}: ${await this.#fault(failed)}`);
    return ids;
  }

  async #fault(id: string): Promise<string> {
    const { server } = await this.#call("GET", `/servers/${id}`);
    return server.fault?.message ?? "no fault stored";
  }

  // biome-ignore lint/suspicious/noExplicitAny: test code reads responses that it knows, and fails on what it does not
  async #call(method: string, path: string, body?: unknown): Promise<any> {
    const { body: response } = await callJson(method, `${this.#url}${path}`, {
      token: this.#token,
      headers: { "OpenStack-API-Version": "compute 2.79" },
      ...(body === undefined ? {} : { body }),
    });
    return response;
  }
}
