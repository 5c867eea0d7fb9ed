import type { Server } from "node:http";
import { http } from "../../http/node-http.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";
import { METRICS_CONTENT_TYPE } from "./content-type.ts";

export interface MetricsServerParts {
  readonly address: string;
  readonly port: number;
  readonly metrics: () => string;
  readonly log: Pick<Logger, "info" | "warning" | "error">;
}

const CONNECTIONS = 16;
const HEADER_BYTES = 8192;
/** For a request, and for a connection that is kept open, ms. Prometheus scrapes at most every few seconds. */
const REQUEST_MS = 5000;
const IDLE_MS = 65_000;

/**
 * Serves `GET /metrics`, and nothing else, on a TCP port until the signal aborts. A port that cannot be had is one line in the log and
 * no error.
 */
export async function serveMetrics(parts: MetricsServerParts, signal: AbortSignal): Promise<void> {
  const { address, port, log } = parts;
  if (signal.aborted) return;
  const server = makeServer(parts);
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}/metrics`;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    log.warning(`Metrics cannot be served on ${url} ([metrics] address, port): ${messageOf(error)}`);
    return;
  }
  server.on("error", (error) => log.warning(`Serving metrics on ${url} failed: ${error.message}`));
  log.info(`Metrics are served on ${url}`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function makeServer({ metrics, log }: MetricsServerParts): Server {
  const options = { maxHeaderSize: HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
  const server = http.createServer({ ...options, keepAliveTimeout: IDLE_MS }, (request, response) => {
    const end = (status: number, text: string, contentType = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "Content-Type": contentType, "Cache-Control": "no-store" });
      response.end(text);
    };
    const [path] = (request.url ?? "").split("?");
    if (path !== "/metrics") return end(404, "not found; the only path is /metrics\n");
    if (request.method !== "GET" && request.method !== "HEAD") return end(405, "use GET\n");
    try {
      end(200, metrics(), METRICS_CONTENT_TYPE);
    } catch (error) {
      log.error(`Defect in serving metrics: ${error instanceof Error ? error.stack : String(error)}`);
      end(500, "internal error, see the log of the monitor\n");
    }
  });
  server.maxConnections = CONNECTIONS;
  return server;
}
