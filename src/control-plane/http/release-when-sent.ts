import type { ServerResponse } from "node:http";

/** Smaller ones may share their memory with others, and are not worth it. Bytes. */
const LARGE = 16_384;

/**
 * Gives back the memory of a large body as soon as the kernel has all of it: V8 collects what is outside its heap only when there are tens
 * of MB of it. Where the client is gone before, it is left to V8, since a write may still be under way.
 * @param body nobody else's; it is empty afterwards
 */
export function releaseWhenSent(response: ServerResponse, body: Buffer): void {
  const { buffer, byteLength } = body;
  if (byteLength < LARGE || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  response.once("finish", () => buffer.transfer(0));
}
