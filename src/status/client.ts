import { http } from "../http/node-http.ts";
import type { Report } from "./report.ts";
import { fitsSocket } from "./socket-path.ts";
import type { SubjectReport } from "./subject.ts";

/** What came of asking one monitor. */
export type Answer = { readonly kind: "answered"; readonly report: Report } | NoAnswer;

/** What came of asking one monitor what it watches. */
export type SubjectsAnswer = { readonly kind: "answered"; readonly subjects: readonly SubjectReport[] } | NoAnswer;

type NoAnswer =
  /** Nobody listens: it was stopped or killed, or has never run. */
  | { readonly kind: "not running" }
  /** Somebody listens and says nothing (stopped, or its event loop is blocked), or nothing that can be understood. */
  | { readonly kind: "no answer"; readonly reason: string }
  | { readonly kind: "not allowed"; readonly reason: string };

/** A full outbox has 10,000 entries of some 600 bytes. */
const ANSWER_BYTES = 32 << 20;
const VERDICTS: ReadonlySet<unknown> = new Set<Report["verdict"]>(["ok", "degraded", "failing"]);

/** Asks the monitor whose socket this is. Never throws. @param timeoutMs for all of it */
export async function askHealth(path: string, timeoutMs: number): Promise<Answer> {
  return await ask(
    path,
    async () => {
      const report = reportIn((await askMonitor(path, { path: "/health" }, timeoutMs)).text);
      if (report === undefined) return { kind: "no answer", reason: "what it says is not a health report" };
      return { kind: "answered", report };
    },
    timeoutMs,
  );
}

/** Asks the monitor whose socket this is what it watches. Never throws. @param timeoutMs for all of it */
export async function askSubjects(path: string, timeoutMs: number): Promise<SubjectsAnswer> {
  return await ask(
    path,
    async () => {
      const subjects = subjectsIn((await askMonitor(path, { path: "/list" }, timeoutMs)).text);
      if (subjects === undefined) return { kind: "no answer", reason: "it is of an older release and has no list" };
      return { kind: "answered", subjects };
    },
    timeoutMs,
  );
}

async function ask<Good>(path: string, question: () => Promise<Good>, timeoutMs: number): Promise<Good | NoAnswer> {
  if (!fitsSocket(path)) return { kind: "no answer", reason: `${path} is too long for a socket` };
  try {
    return await question();
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

export interface Question {
  readonly path: string;
  /** Sent as JSON, by POST. */
  readonly body?: object;
}

/** Asks a monitor anything on its socket. @param timeoutMs for all of it @throws what keeps it from being answered */
export function askMonitor(
  socketPath: string,
  { path, body }: Question,
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
      if (bytes > ANSWER_BYTES) response.destroy(new Error("its answer has no end"));
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    response.on("error", reject);
  });
  request.on("error", reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** The list; undefined if it is none. */
function subjectsIn(text: string): readonly SubjectReport[] | undefined {
  try {
    const { subjects } = JSON.parse(text) as { subjects?: readonly (Partial<SubjectReport> | null)[] };
    const whole =
      Array.isArray(subjects) &&
      subjects.every((one) => typeof one?.name === "string" && typeof one.since === "string");
    return whole ? (subjects as readonly SubjectReport[]) : undefined;
  } catch {
    return undefined;
  }
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
