import { renameSync, writeFileSync } from "node:fs";
import { codeCacheFile, compileBundle, evaluateBundle, startedBeside } from "../../src/cli/run-bundle.ts";

/** ms. */
const INTERVAL = 500;

/** As `runBundle`, but without a code cache: it writes one, which contains the functions that have run so far, again and again. */
export function runBundle(file: string, require: NodeJS.Require, diskThread?: string): void {
  const diskWorker = startedBeside(diskThread);
  const bundle = compileBundle(file, undefined);
  evaluateBundle(bundle, file, require, diskWorker);
  const write = (): void => {
    const data = bundle.createCachedData();
    writeFileSync(`${file}.new`, Buffer.concat([data, data]));
    renameSync(`${file}.new`, codeCacheFile(file));
  };
  setInterval(write, INTERVAL).unref();
}
