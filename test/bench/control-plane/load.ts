import { Agent, request } from "node:http";

/** One request of a load. */
export interface LoadRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface LoadResult {
  readonly perSecond: number;
  /** ms; sorted. */
  readonly durations: readonly number[];
}

/** Sends requests over `clients` connections that stay open, each sending its next one after the response, for `forMs`. */
export async function load(next: () => LoadRequest, clients: number, forMs: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const durations: number[] = [];
  const startedAt = performance.now();
  const client = async () => {
    while (performance.now() - startedAt < forMs) {
      const sentAt = performance.now();
      await send(agent, next());
      durations.push(performance.now() - sentAt);
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, client));
    const perSecond = durations.length / ((performance.now() - startedAt) / 1000);
    return { perSecond, durations: durations.sort((one, other) => one - other) };
  } finally {
    agent.destroy();
  }
}

/** The duration that this share (0 to 1) of the requests did not exceed, ms. */
export function quantile({ durations }: LoadResult, share: number): number {
  return durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? Number.NaN;
}

/** Fails unless the status is 2xx. */
function send(agent: Agent, { method, url, headers, body }: LoadRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(60_000);
    const sent = request(url, { method, agent, signal, headers: { "content-type": "application/json", ...headers } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) reject(new Error(`${method} ${url}: ${statusCode}`));
      response.on("error", reject).on("end", resolve).resume();
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
