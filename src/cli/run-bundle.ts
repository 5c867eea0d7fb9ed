import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { type DiskWorker, startDiskWorker } from "../system/disk/worker.ts";

/** What a bundle is: the expression of a function, much as Node wraps a CommonJS module. */
type Bundle = (require: NodeJS.Require, bundleUrl: string, diskWorker: DiskWorker | undefined) => void;

/**
 * Runs a bundle (`scripts/build.ts`), with what V8 once compiled of it if that suits this Node: compiling is a third of the CPU of
 * a start. V8 refuses what another version, other flags or a longer source made, and compiles as if there were none.
 * @param require of the program, which finds what is not in the bundle
 * @param diskThread the path of what the thread that writes to disk runs; undefined for what has none
 */
export function runBundle(file: string, require: NodeJS.Require, diskThread?: string): void {
  const diskWorker = startedBeside(diskThread);
  evaluateBundle(compileBundle(file, readCodeCache(codeCacheFile(file))), file, require, diskWorker);
}

/** Before anything else: the thread takes longer to begin than the program takes to load, and the program waits for it. */
export function startedBeside(diskThread: string | undefined): DiskWorker | undefined {
  try {
    return diskThread === undefined ? undefined : startDiskWorker(diskThread);
  } catch {
    // Who needs the thread tries again, and reports it.
    return undefined;
  }
}

export function compileBundle(file: string, cachedData: Buffer | undefined): Script {
  return new Script(readFileSync(file, "latin1"), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData && { cachedData }),
  });
}

export function evaluateBundle(bundle: Script, file: string, require: NodeJS.Require, diskWorker?: DiskWorker): void {
  (bundle.runInThisContext() as Bundle)(require, pathToFileURL(file).href, diskWorker);
}

/** V8 does not notice another architecture in all cases. */
export function codeCacheFile(file: string): string {
  return `${file}.${process.version}-${process.platform}-${process.arch}.cache`;
}

/**
 * V8 has no checksum of it, and crashes if it is damaged, as by a power failure while it was written. So the file has it twice, which
 * costs less to compare than any checksum that Node has: those load 2 MB of code first.
 */
function readCodeCache(file: string): Buffer | undefined {
  try {
    const both = readFileSync(file);
    const first = both.subarray(0, both.length / 2);
    return first.equals(both.subarray(both.length / 2)) ? first : undefined;
  } catch {
    return undefined;
  }
}
