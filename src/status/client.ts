import { promises } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  array,
  boolean,
  type InferOutput,
  looseObject,
  nullish,
  number,
  optional,
  picklist,
  record,
  string,
} from "valibot";
import { http } from "../http/node-http.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { parseJson } from "../system/parse-json.ts";
import type { MonitorOverview } from "./page/overview.ts";
import { fitsSocket } from "./socket-path.ts";

/** What a table shows of a report. The monitor may be of an older or a newer release; what else its report has is kept. */
const receivedReport = looseObject({
  program: string(),
  version: optional(string()),
  pid: optional(number()),
  started_at: optional(string()),
  verdict: picklist(["ok", "degraded", "failing"]),
  conditions: optional(record(string(), looseObject({ problem: nullish(string()) }))),
  problems: array(looseObject({ severity: string(), reason: string(), since: string(), seconds: number() })),
  outbox: looseObject({ pending: number(), oldest_pending_seconds: nullish(number()) }),
  event_loop: optional(looseObject({ worst_delay_seconds: optional(number()) })),
});

const receivedSubjects = looseObject({
  subjects: array(
    looseObject({
      kind: string(),
      name: string(),
      phase: string(),
      since: string(),
      seconds: number(),
      last_event: nullish(looseObject({ at: string(), text: string() })),
    }),
  ),
});

const receivedArmed = looseObject({
  state: picklist(["armed", "held", "disarmed", "blind"]),
  reason: nullish(string()),
  since: string(),
  seconds: number(),
});
const receivedProbe = looseObject({ ok: boolean(), problem: optional(string()) });

export type ReceivedArmed = Readonly<InferOutput<typeof receivedArmed>>;
export type ReceivedReport = Readonly<InferOutput<typeof receivedReport>>;
export type ReceivedSubject = Readonly<InferOutput<typeof receivedSubjects>["subjects"][number]>;

/** The outcome of a request for the health of one monitor. */
export type HealthOutcome = { readonly kind: "responded"; readonly report: ReceivedReport } | NoResponse;

/** The outcome of a request for what one monitor watches. */
export type SubjectsOutcome =
  | { readonly kind: "responded"; readonly subjects: readonly ReceivedSubject[] }
  | NoResponse;

type NoResponse =
  /** Nothing listens: it was stopped or killed, or has never run. */
  | { readonly kind: "not running" }
  /** It listens and does not respond (stopped by a signal, or its event loop is blocked), or its response has no known format. */
  | { readonly kind: "no response"; readonly reason: string; readonly diskHangs?: boolean }
  | { readonly kind: "not allowed"; readonly reason: string };

/** A full outbox has 10,000 entries of some 600 bytes. */
const RESPONSE_BYTES = 32 << 20;

/** Requests the health of the monitor that listens on this socket. Never throws. @param timeoutMs for all of it */
export async function requestHealth(path: string, timeoutMs: number): Promise<HealthOutcome> {
  return await outcomeOf(
    path,
    async () => {
      const report = parseJson(receivedReport, (await requestMonitor(path, { path: "/health" }, timeoutMs)).text);
      if (report === undefined) return { kind: "no response", reason: "its response is not a health report" };
      return { kind: "responded", report };
    },
    timeoutMs,
  );
}

/** Requests what the monitor that listens on this socket watches. Never throws. @param timeoutMs for all of it */
export async function requestSubjects(path: string, timeoutMs: number): Promise<SubjectsOutcome> {
  return await outcomeOf(
    path,
    async () => {
      const list = parseJson(receivedSubjects, (await requestMonitor(path, { path: "/list" }, timeoutMs)).text);
      if (list === undefined) return { kind: "no response", reason: "it is of an older release and has no list" };
      return { kind: "responded", subjects: list.subjects };
    },
    timeoutMs,
  );
}

/** The outcome of a request whether one monitor is armed. */
export type ArmedOutcome = { readonly kind: "responded"; readonly armed: ReceivedArmed } | NoResponse;

/** Requests whether the monitor that listens on this socket is armed. Never throws. @param timeoutMs for all of it */
export async function requestArmed(path: string, timeoutMs: number): Promise<ArmedOutcome> {
  return await outcomeOf(
    path,
    async () => {
      const armed = parseJson(receivedArmed, (await requestMonitor(path, { path: "/armed" }, timeoutMs)).text);
      if (armed === undefined) return { kind: "no response", reason: "it is of an older release and does not know it" };
      return { kind: "responded", armed };
    },
    timeoutMs,
  );
}

/** The outcome of a request for what the page shows of one monitor. */
export type OverviewOutcome = { readonly kind: "responded"; readonly overview: MonitorOverview } | NoResponse;

/** Requests what the page shows of the monitor that listens on this socket. Never throws. @param timeoutMs for all of it */
export async function requestOverview(path: string, timeoutMs: number): Promise<OverviewOutcome> {
  const { monitorSchema } = await import("./page/overview.ts");
  return await outcomeOf(
    path,
    async () => {
      const overview = parseJson(monitorSchema, (await requestMonitor(path, { path: "/overview" }, timeoutMs)).text);
      if (overview === undefined) return { kind: "no response", reason: "it is of another release: restart it" };
      return { kind: "responded", overview };
    },
    timeoutMs,
  );
}

/** Never throws. @param timeoutMs for all of it @returns why the monitor on this socket is not live or ready; undefined if it is */
export async function probe(path: string, which: "live" | "ready", timeoutMs: number): Promise<string | undefined> {
  const outcome = await outcomeOf(
    path,
    async () => {
      const { text } = await requestMonitor(path, { path: `/${which}` }, timeoutMs);
      const { ok, problem = "its response is not understood" } = parseJson(receivedProbe, text) ?? { ok: false };
      return { kind: "responded" as const, problem: ok ? undefined : problem };
    },
    timeoutMs,
  );
  if (outcome.kind === "responded") return outcome.problem;
  return "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
}

async function outcomeOf<Good>(
  path: string,
  request: () => Promise<Good>,
  timeoutMs: number,
): Promise<Good | NoResponse> {
  if (!fitsSocket(path)) return { kind: "no response", reason: `${path} is too long for a socket` };
  try {
    return await request();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED" || code === "ENOENT") return { kind: "not running" };
    if (code === "EACCES" || code === "EPERM") {
      return { kind: "not allowed", reason: "only its own user and root can query it" };
    }
    if (code === "ABORT_ERR") return { kind: "no response", reason: `nothing within ${timeoutMs / 1000} s` };
    return { kind: "no response", reason: message, ...(error instanceof DiskHungError && { diskHangs: true }) };
  }
}

export interface MonitorRequest {
  readonly path: string;
  /** Sent as JSON, by POST. */
  readonly body?: object;
}

/**
 * Sends a request to a monitor's socket.
 * @param timeoutMs for all of it
 * @throws why there is no response; DiskHungError: the look at the socket's path has not ended, and keeps the process from ending
 */
export async function requestMonitor(
  socketPath: string,
  request: MonitorRequest,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  await lookAt(socketPath, timeoutMs);
  return await send(socketPath, request, timeoutMs);
}

/**
 * To connect to a path on a disk that hangs would hold up the event loop, and with it every time limit: a thread of libuv finds out first.
 * @throws DiskHungError, or the system's error
 */
async function lookAt(path: string, limitMs: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new DiskHungError(`the disk of ${path} has not responded within ${limitMs / 1000} s`);
  });
  try {
    await Promise.race([promises.stat(path), late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

function send(
  socketPath: string,
  { path, body }: MonitorRequest,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const signal = AbortSignal.timeout(timeoutMs);
  const method = body === undefined ? "GET" : "POST";
  const request = http.request({ socketPath, path, method, agent: false, signal }, (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > RESPONSE_BYTES) response.destroy(new Error("its response is longer than 32 MiB"));
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    response.on("error", reject);
  });
  request.on("error", reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
