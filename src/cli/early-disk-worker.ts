import { type DiskWorker, startDiskWorker } from "../system/disk/worker.ts";

/** Of a build: started by `run-bundle.ts` before the bundle was loaded, unless it could not be. A checkout that runs from source has none. */
declare const MASAKARI_DISK_WORKER: DiskWorker | undefined;

let early: DiskWorker | undefined;

/**
 * Starts the thread that writes to disk, beside the loading of the program: it takes the longer of the two, and a monitor observes
 * nothing before it has both. To be called before anything large is imported.
 */
export function startDiskWorkerEarly(): void {
  try {
    early = typeof MASAKARI_DISK_WORKER === "undefined" ? startDiskWorker(diskThreadModule()) : MASAKARI_DISK_WORKER;
  } catch {
    // Who needs the thread tries again, and reports it.
  }
}

/** The thread that was started early, for the first who asks. */
export function takeEarlyDiskWorker(): DiskWorker | undefined {
  const worker = early;
  early = undefined;
  return worker;
}

/** Beside the source in a checkout; a package has it in `dist/`, as all programs, whose parts are below that. */
export function diskThreadModule(): URL {
  const here = import.meta.url;
  if (here.endsWith(".ts")) return new URL("./disk-thread-main.ts", here);
  return new URL("disk-thread.cjs", here.slice(0, here.lastIndexOf("/dist/") + "/dist/".length));
}
