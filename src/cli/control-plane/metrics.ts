import type { CompletedRequest, NotificationArrival } from "../../control-plane/observation.ts";
import { Histogram } from "../../system/histogram.ts";

const prefix = "masakari_control_plane_";
/** Other methods than these are one: a client may make them up. */
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Counts requests and notifications, for Prometheus. */
export class ControlPlaneMetrics {
  readonly #started = Date.now();
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();
  readonly #notifications = new Map<string, number>();

  request({ service, method, status, durationMs }: CompletedRequest): void {
    const known = methods.includes(method) ? method : "other";
    increment(this.#requests, `service="${service}",method="${known}",status="${status}"`);
    const durations = this.#durations.get(service) ?? new Histogram();
    this.#durations.set(service, durations);
    durations.record(durationMs);
  }

  notification({ type }: NotificationArrival): void {
    increment(this.#notifications, `type="${type}"`);
  }

  /** In Prometheus' text format. */
  text(): string {
    const lines = [
      ...head("start_timestamp_seconds", "gauge", "When the control plane was started."),
      `${prefix}start_timestamp_seconds ${this.#started / 1000}`,
      ...head("resident_memory_bytes", "gauge", "Resident memory of the process."),
      `${prefix}resident_memory_bytes ${process.memoryUsage.rss()}`,
      ...head("requests_total", "counter", "Requests by service, method and HTTP status."),
      ...samples("requests_total", this.#requests),
      ...head("notifications_total", "counter", "Notifications that were stored."),
      ...samples("notifications_total", this.#notifications),
      ...head("request_duration_seconds", "histogram", "From a request's headers to the last byte of its response."),
      ...[...this.#durations].flatMap(([service, { counts }]) => buckets(service, counts)),
    ];
    return `${lines.join("\n")}\n`;
  }
}

function increment(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${prefix}${name} ${help}`, `# TYPE ${prefix}${name} ${type}`];
}

function samples(name: string, counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([labels, value]) => `${prefix}${name}{${labels}} ${value}`);
}

function buckets(service: string, { buckets, count, sumSeconds }: Histogram["counts"]): string[] {
  const name = `${prefix}request_duration_seconds`;
  const label = `service="${service}"`;
  return [
    ...buckets.map(([bound, atMost]) => `${name}_bucket{${label},le="${bound}"} ${atMost}`),
    `${name}_bucket{${label},le="+Inf"} ${count}`,
    `${name}_sum{${label}} ${sumSeconds}`,
    `${name}_count{${label}} ${count}`,
  ];
}
