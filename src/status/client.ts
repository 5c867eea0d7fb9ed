import type { Report } from "./report.ts";
import { fitsSocket } from "./socket-path.ts";

/** As in `openstack/http.ts`: an import would load 6 MB of undici. */
const http = process.getBuiltinModule("node:http");

/** What came of asking one monitor. */
export type Answer =
  | { readonly kind: "answered"; readonly report: Report }
  /** Nobody listens: it was stopped or killed, or has never run. */
  | { readonly kind: "not running" }
  /** Somebody listens and says nothing (stopped, or its event loop is blocked), or nothing that can be understood. */
  | { readonly kind: "no answer"; readonly reason: string }
  | { readonly kind: "not allowed"; readonly reason: string };

const REPORT_BYTES = 1 << 20;
const VERDICTS: ReadonlySet<unknown> = new Set<Report["verdict"]>(["ok", "degraded", "failing"]);

/** Asks the monitor whose socket this is. Never throws. @param timeoutMs for all of it */
export async function askHealth(path: string, timeoutMs: number): Promise<Answer> {
  if (!fitsSocket(path)) return { kind: "no answer", reason: `${path} is too long for a socket` };
  try {
    const report = reportIn(await get(path, timeoutMs));
    if (report === undefined) return { kind: "no answer", reason: "what it says is not a health report" };
    return { kind: "answered", report };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED" || code === "ENOENT") return { kind: "not running" };
    if (code === "EACCES" || code === "EPERM") {
      return { kind: "not allowed", reason: "only its own user and root may ask it" };
    }
    if (code === "ABORT_ERR") return { kind: "no answer", reason: `it does not answer within ${timeoutMs / 1000} s` };
    return { kind: "no answer", reason: message };
  }
}

function get(socketPath: string, timeoutMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signal = AbortSignal.timeout(timeoutMs);
  const request = http.get({ socketPath, path: "/health", agent: false, signal }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      text += part;
      if (text.length > REPORT_BYTES) response.destroy(new Error("its answer has no end"));
    });
    response.on("end", () => resolve(text));
    response.on("error", reject);
  });
  request.on("error", reject);
  return promise;
}

/** The report, if it has what a table needs: it may be of an older or a newer release. */
function reportIn(text: string): Report | undefined {
  try {
    const report = JSON.parse(text) as Partial<Report> | null;
    const whole =
      typeof report?.program === "string" &&
      VERDICTS.has(report.verdict) &&
      Array.isArray(report.problems) &&
      typeof report.outbox === "object";
    return whole ? (report as Report) : undefined;
  } catch {
    return undefined;
  }
}
