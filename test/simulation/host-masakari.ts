import type { DeliveryResult } from "../../src/notify/delivery.ts";
import type { Notification } from "../../src/notify/notification.ts";
import type { MasakariClient } from "../../src/openstack/masakari.ts";
import type { Clock } from "../../src/system/clock.ts";
import { ApiModel, wallOf } from "../support/harness/api-model.ts";
import type { Seeded } from "../support/seeded.ts";

/** What host monitors ask of masakari-api. */
export type HostClient = Pick<MasakariClient, "listSegments" | "listHosts" | "listNotifications">;

/** What each kind of request was asked for, and how often; refused and failed ones too. */
export interface Requests {
  segments: number;
  hosts: number;
  notifications: number;
  posts: number;
}

/** masakari-api as the host monitors of one data centre use it: one segment with all hosts in it. */
export class SimulatedMasakari {
  readonly api: ApiModel;
  readonly requests: Requests = { segments: 0, hosts: 0, notifications: 0, posts: 0 };
  /** When each request came, and each that stored something got its response, mono ms. */
  readonly times: number[] = [];
  readonly posted: number[] = [];
  /** Whether every question about what is stored got a response. */
  respondedToAll = true;
  readonly #clock: Clock;
  readonly #random: Seeded;
  readonly #hosts: readonly string[];

  constructor(clock: Clock, random: Seeded, hosts: readonly string[]) {
    this.#clock = clock;
    this.#random = random;
    this.#hosts = hosts;
    this.api = new ApiModel(clock, random);
  }

  /** @param isReachable from the host that asks */
  client(isReachable: () => boolean): HostClient {
    const respond = async <T>(kind: keyof Requests, items: () => T[]): Promise<T[]> => {
      await this.#reached(kind, isReachable);
      return items();
    };
    const of = (index: number) => ({ id: index, created_at: "", updated_at: null });
    return {
      listSegments: (query) =>
        respond(
          "segments",
          () =>
            pageOf(
              [{ ...of(1), uuid: "segment", name: "all", service_type: "COMPUTE", enabled: true }],
              query,
            ) as never,
        ),
      listHosts: (_segment, query) =>
        respond(
          "hosts",
          () =>
            pageOf(
              this.#hosts.map((name, index) => ({ ...of(index + 1), uuid: uuidOf(name), name, on_maintenance: false })),
              query,
            ) as never,
        ),
      listNotifications: (query) =>
        respond("notifications", () => this.#storedSince(String(query["generated-since"])) as never),
    };
  }

  async post(notification: Notification, isReachable: boolean, signal: AbortSignal): Promise<DeliveryResult> {
    if (!isReachable) {
      await this.#wait(1000);
      return { outcome: "failed", reason: "no route to host" };
    }
    this.#count("posts");
    const result = await this.api.post(notification, signal);
    if (result.outcome === "delivered") this.posted.push(this.#clock.now().mono);
    return result;
  }

  #storedSince(since: string): unknown[] {
    const from = wallOf(since);
    return this.api.stored
      .filter(({ notification }) => wallOf(notification.generated_time) >= from)
      .map(({ notification: { hostname, payload, generated_time } }) => ({
        source_host_uuid: uuidOf(hostname),
        payload,
        generated_time,
      }));
  }

  async #reached(kind: keyof Requests, isReachable: () => boolean): Promise<void> {
    await this.#wait(this.#random.between(5, 300));
    const isUp = this.api.mode === "up" || this.api.mode === "slow";
    if (isReachable()) this.#count(kind);
    if (isUp && isReachable()) return;
    throw new Error("no response");
  }

  #count(kind: keyof Requests): void {
    this.requests[kind] += 1;
    this.times.push(this.#clock.now().mono);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(ms, resolve));
  }
}

const uuidOf = (name: string): string => `uuid of ${name}`;

/** What follows the marker, as masakari-api gives it. */
function pageOf<T extends { readonly id: number }>(items: readonly T[], query: Readonly<Record<string, unknown>>): T[] {
  const after = Number(query.marker ?? 0);
  return items.filter(({ id }) => id > after).slice(0, Number(query.limit ?? 1000));
}
