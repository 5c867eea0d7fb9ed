import type { FastifyRequest } from "fastify";
import type { LogSync } from "../store/log-sync.ts";

const reads = ["GET", "HEAD", "OPTIONS"];

/**
 * Does the work of a request, and returns or throws when everything that it changed, or that it refused it for, is on disk: a duplicate is
 * refused because the first one is there.
 * @throws what the work throws, or the disk's error
 */
export async function durably<Result>(
  { method }: FastifyRequest,
  log: LogSync,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    if (!reads.includes(method)) await log.sync();
  }
}
