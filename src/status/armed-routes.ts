import type { Instant } from "../system/clock.ts";
import type { Armed, ArmedState } from "./armed.ts";
import type { Facts } from "./facts.ts";
import type { RouteResponse, Routes } from "./routes.ts";
import { stuckSince } from "./verdict.ts";

/** What GET /armed returns; times as in the health report. */
export interface ArmedReport {
  readonly state: ArmedState;
  readonly reason: string | null;
  readonly since: string;
  readonly seconds: number;
}

export interface ArmedRouteParts {
  readonly armed: () => Armed;
  readonly facts: () => Pick<Facts, "loop">;
  readonly now: () => Instant;
}

/**
 * `GET /armed`; `GET /live`: 503 if only a restart of the program helps; `GET /ready`: 503 while a failure would not be noticed. An
 * API that does not answer is neither: a restart would not help, and what is noticed is kept.
 */
export function armedRoutes({ armed, facts, now }: ArmedRouteParts): Routes {
  const live = (): string | undefined => {
    const { mono } = now();
    return stuckSince(facts().loop, mono) === undefined ? undefined : "stuck: nothing is observed";
  };
  const ready = (): string | undefined => {
    const { state, reason } = armed();
    return live() ?? (state === "blind" ? reason : undefined);
  };
  return {
    "/armed": { method: "GET", handle: () => ({ status: 200, body: reportArmed(armed(), now()) }) },
    "/live": { method: "GET", handle: () => probeResponse(live()) },
    "/ready": { method: "GET", handle: () => probeResponse(ready()) },
  };
}

function reportArmed({ state, reason, since }: Armed, { wall, mono }: Instant): ArmedReport {
  const ms = Math.max(0, mono - since);
  return { state, reason: reason ?? null, since: new Date(wall - ms).toISOString(), seconds: Math.round(ms / 1000) };
}

function probeResponse(problem: string | undefined): RouteResponse {
  return problem === undefined ? { status: 200, body: { ok: true } } : { status: 503, body: { ok: false, problem } };
}
