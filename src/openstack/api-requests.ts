import type { HttpRequest, HttpResponse, Transport } from "../http/transport.ts";
import type { Clock } from "../system/clock.ts";
import { Histogram, type HistogramCounts } from "../system/histogram.ts";

/** What was requested of one service. */
interface ServiceRequests {
  /** By HTTP status; `error` where there was no response. */
  readonly codes: ReadonlyMap<string, number>;
  /** Until the whole response, or the failure. */
  readonly durations: HistogramCounts;
  /** The latest response below 400, ms since the epoch. */
  readonly lastSuccess: number | undefined;
}

interface Counted {
  readonly codes: Map<string, number>;
  readonly durations: Histogram;
  lastSuccess: number | undefined;
}

/** Counts the requests of one monitor to Keystone and Masakari, over all its sessions. */
export class ApiRequests {
  readonly #clock: Clock;
  readonly #services = new Map<string, Counted>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By service: `keystone`, `masakari`. */
  get services(): ReadonlyMap<string, ServiceRequests> {
    const entries = [...this.#services].map(
      ([service, { codes, durations, lastSuccess }]) =>
        [service, { codes, durations: durations.counts, lastSuccess }] as const,
    );
    return new Map(entries);
  }

  /** The transport, with each of its requests counted. */
  counting(transport: Transport): Transport {
    return {
      send: async (request, signal) => {
        const since = this.#clock.now().mono;
        try {
          const response = await transport.send(request, signal);
          this.#count(request, since, response);
          return response;
        } catch (error) {
          if (!signal.aborted) this.#count(request, since, undefined);
          throw error;
        }
      },
      stream: (request, signal) => transport.stream(request, signal),
      close: () => transport.close(),
    };
  }

  #count({ peer }: HttpRequest, since: number, response: HttpResponse | undefined): void {
    const service = peer === "Keystone" ? "keystone" : "masakari";
    const found = this.#services.get(service) ?? {
      codes: new Map(),
      durations: new Histogram(),
      lastSuccess: undefined,
    };
    this.#services.set(service, found);
    const code = response === undefined ? "error" : String(response.status);
    found.codes.set(code, (found.codes.get(code) ?? 0) + 1);
    const { mono, wall } = this.#clock.now();
    found.durations.record(mono - since);
    if (response !== undefined && response.status < 400) found.lastSuccess = wall;
  }
}
