import type { Readable } from "node:stream";

/** What a command wrote to one stream: its end, because that is where errors are. */
export interface CapturedOutput {
  readonly text: string;
  /** Bytes before `text` that were not kept. */
  readonly dropped: number;
}

/**
 * Reads a stream to its end for as long as anybody holds the other side, keeping the last `limit` bytes seen until `take`.
 * After that it goes on reading into nowhere: a daemon that inherited the pipe must never block on it.
 */
export function captureOutput(stream: Readable, limit: number): { take(): CapturedOutput } {
  let chunks: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  let taken = false;
  stream.on("data", (chunk: Buffer) => {
    if (taken) return;
    chunks.push(chunk);
    kept += chunk.length;
    while (kept - (chunks[0]?.length ?? 0) >= limit) {
      const first = chunks.shift()?.length ?? 0;
      kept -= first;
      dropped += first;
    }
  });
  // A read error means no more output; the command's exit shows what it came to.
  stream.on("error", () => undefined);
  return {
    take() {
      taken = true;
      const all = Buffer.concat(chunks);
      chunks = [];
      const surplus = Math.max(0, all.length - limit);
      return { text: all.subarray(surplus).toString("utf8"), dropped: dropped + surplus };
    },
  };
}
