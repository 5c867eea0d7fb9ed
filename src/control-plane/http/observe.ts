import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";
import type { CompletedRequest } from "../observation.ts";

/** Emits each request when its response is sent, with when it arrived. */
export interface Observer {
  /** When the request's headers arrived, ms since the Unix epoch. */
  arrivedAt(request: FastifyRequest): number;
}

/** Watches `app`; must be called before its routes are added. */
export function observe(
  app: FastifyInstance,
  service: CompletedRequest["service"],
  emit: (request: CompletedRequest) => void,
): Observer {
  const arrivals = new WeakMap<FastifyRequest, number>();
  app.addHook("onRequest", (request, _reply, done) => {
    arrivals.set(request, Date.now());
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    emit({
      service,
      method: request.method,
      peer: request.ip,
      url: request.originalUrl,
      status: reply.statusCode,
      arrivedAt: arrivals.get(request) ?? 0,
      durationMs: reply.elapsedTime,
    });
    done();
  });
  return { arrivedAt: (request) => arrivals.get(request) ?? Date.now() };
}

/** A listener that cannot harm: what it throws is logged, not passed on to the caller of the API. */
export function guarded<Value>(listener: ((value: Value) => void) | undefined, log: Logger): (value: Value) => void {
  return (value) => {
    try {
      listener?.(value);
    } catch (error) {
      log.error(`an observer of the control plane failed: ${messageOf(error)}`);
    }
  };
}
