import { constants, promises } from "node:fs";
import { join } from "node:path";
import type { LoggedEnd } from "./observation.ts";

/** Bytes of a log's end that are read: the last run's start with QEMU's arguments has 2 to 20 KB. */
const TAIL_BYTES = 256 * 1024;
/** The disk may hang, and without the result the caller knows no more than before. */
const READ_MS = 5000;

/**
 * How the last run of a domain has ended, by what libvirtd wrote into QEMU's log before it cleared the run away. A libvirtd
 * that ends in that very moment sends no event, and the next one does not know.
 * @param directory libvirt's, `/var/log/libvirt/qemu`
 */
export async function readEnd(directory: string, name: string, signal: AbortSignal): Promise<LoggedEnd> {
  // libvirt takes no such name either.
  if (name === "" || /[/\0]/.test(name)) return { kind: "unknown", why: "its name is not a valid file name" };
  const path = join(directory, `${name}.log`);
  const { promise: late, resolve } = Promise.withResolvers<LoggedEnd>();
  const timer = setTimeout(() => resolve({ kind: "unknown", why: `${path} is not read within 5 s` }), READ_MS);
  const onAbort = (): void => resolve({ kind: "unknown", why: "the program ends" });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([endIn(path), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

async function endIn(path: string): Promise<LoggedEnd> {
  try {
    return endOfRun(await readTail(path)) ?? { kind: "unknown", why: `${path} does not show how it ended` };
  } catch (error) {
    return { kind: "unknown", why: `${path} cannot be read (${codeOf(error)})` };
  }
}

async function readTail(path: string): Promise<string> {
  // NONBLOCK: a FIFO in its place would wait for a writer.
  const file = await promises.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw Object.assign(new Error(), { code: "not a file" });
    const from = Math.max(0, status.size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** libvirt's `2026-11-28 05:46:50.243+0000: shutting down, reason=crashed` and `…: starting up libvirt version: …`. */
const LIBVIRTS =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: (?:(starting up) |shutting down, reason=(unknown|shutdown|destroyed|crashed|migrated|saved|failed|from snapshot|daemon)$)/;
/** QEMU's own `2026-11-28T05:46:05.662987Z qemu-system-x86_64: terminating on signal 15 from pid 2446 (libvirtd)`. */
const SIGNALLED = /^\S{1,40} qemu[\w.-]{0,40}: terminating on signal \d/;

/**
 * The first end after the last start: a libvirtd that finds a QEMU gone adds another one, for which it knows no reason.
 * @returns undefined if the log does not show an end
 */
export function endOfRun(log: string): LoggedEnd | undefined {
  let reason: string | undefined;
  let signal: "before" | "after" | undefined;
  for (const line of log.split("\n")) {
    const [, starts, ends] = LIBVIRTS.exec(line) ?? [];
    if (starts !== undefined) reason = signal = undefined;
    reason ??= ends;
    if (SIGNALLED.test(line)) signal ??= reason === undefined ? "before" : "after";
  }
  return reason === undefined ? undefined : { kind: "ended", reason, signal };
}

/** Why the logs in a directory would not show how a guest ended; undefined if they can be read, or there are none yet. */
export async function whyUnreadable(directory: string): Promise<string | undefined> {
  try {
    await promises.access(directory, constants.R_OK | constants.X_OK);
    const log = (await promises.readdir(directory)).find((name) => name.endsWith(".log"));
    if (log !== undefined) await promises.access(join(directory, log), constants.R_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
