import { createRequire } from "node:module";

type Koffi = typeof import("koffi");

/** The C library, for the few calls that Node does not have. */
export interface Libc {
  /** Declares a function by its C prototype. */
  func: ReturnType<Koffi["load"]>["func"];
  /** `errno` of the last call of this thread. */
  errno(): number;
}

let loaded: Libc | undefined;

/**
 * Loads libc once, on first use: koffi costs 2 MB and 15 ms that a run without libc calls need not pay. Only its native
 * module is used, which the lock file pins for each platform; the package around it looks for that and adds old names.
 * @throws what the loader throws where there is no koffi binary for this platform
 */
export function loadLibc(): Libc {
  if (!loaded) {
    const koffi = createRequire(import.meta.url)(`@koromix/koffi-${process.platform}-${process.arch}`) as Koffi;
    const library = koffi.load("libc.so.6");
    loaded = { func: library.func.bind(library) as Libc["func"], errno: () => koffi.errno() };
  }
  return loaded;
}
