import { createRequire } from "node:module";
import { constants } from "node:os";

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
 * Loads libc once, on first use: koffi costs 4 MB and 15 ms that a run without libc calls need not pay.
 * @throws what the loader says where there is no koffi binary for this platform
 */
export function loadLibc(): Libc {
  if (!loaded) {
    const koffi = loadKoffi();
    const library = koffi.load("libc.so.6");
    loaded = { func: library.func.bind(library) as Libc["func"], errno: () => koffi.errno() };
  }
  return loaded;
}

/**
 * koffi's own loader has the linker bind every symbol at once, which touches 5 MB of node's binary; bound lazily, the same
 * file costs a third. Where that file is not to be had (musl, another architecture), its own loader finds the way.
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  const file = `@koromix/koffi-${platform}/${platform.replace("-", "_")}/koffi.node`;
  try {
    const binary = { exports: {} };
    process.dlopen(binary, createRequire(require.resolve("koffi")).resolve(file), constants.dlopen.RTLD_LAZY);
    return binary.exports as Koffi;
  } catch {
    return require("koffi") as Koffi;
  }
}
