import { promises } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../system/clock.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";

export interface TextfileParts {
  /** That node_exporter reads: its `--collector.textfile.directory`. */
  readonly directory: string;
  /** Of the file, without `.prom`. */
  readonly name: string;
  readonly metrics: () => string;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warning">;
}

/** Prometheus commonly scrapes at this interval. */
const EVERY_MS = 15_000;
/** What removing the file may take when the program stops: its disk may hang. */
const REMOVE_MS = 1000;

/**
 * Writes the metrics into a file every 15 s until the signal aborts, whole or not at all, and removes it then: values that nobody
 * updates would look like those of a monitor that runs. Never throws.
 */
export async function writeTextfile(parts: TextfileParts, signal: AbortSignal): Promise<void> {
  const { directory, name, metrics, clock, log } = parts;
  const path = join(directory, `${name}.prom`);
  // node_exporter reads every file whose name ends in .prom.
  const temporary = join(directory, `.${name}.prom.new`);
  let complaint: string | undefined;
  while (!signal.aborted) {
    try {
      // What lies there may be a symbolic link, or a pipe that nobody reads, of whoever else may write to the directory.
      await promises.rm(temporary, { force: true });
      await promises.writeFile(temporary, metrics(), { mode: 0o644, flag: "wx" });
      await promises.rename(temporary, path);
      if (complaint !== undefined) log.info(`Metrics are written to ${path} again`);
      complaint = undefined;
    } catch (error) {
      const why = messageOf(error);
      if (why !== complaint) log.warning(`Metrics cannot be written to ${path} ([metrics] textfile_directory): ${why}`);
      complaint = why;
    }
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
  const removal = Promise.all([path, temporary].map((file) => promises.rm(file, { force: true }))).catch(
    () => undefined,
  );
  await Promise.race([removal, new Promise((resolve) => setTimeout(resolve, REMOVE_MS).unref())]);
}
