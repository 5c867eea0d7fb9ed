import type { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";

/** Waits until the URL answers anything at all; fails at once, with the server's log, if the server ends first. */
export async function answering(name: string, server: Child, url: string): Promise<void> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  try {
    await eventually(`${name} to answer at ${url}`, 90_000, async () => {
      if (ended) return "ended";
      const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
      await response.arrayBuffer();
      return "up";
    });
  } catch (error) {
    throw new Error(`${name} does not answer; its log:\n${server.output}`, { cause: error });
  }
  if (ended) throw new Error(`${name} ended; its log:\n${server.output}`);
}
