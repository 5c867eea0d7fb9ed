import { build } from "esbuild";

/** As `bin/launch` has them for the build. */
export const SHIPPED_FLAGS = ["--jitless", "--optimize-for-size", "--max-semi-space-size=1", "--bytecode-old-age=1"];

export const SHIPPED_ENVIRONMENT = { MALLOC_ARENA_MAX: "2", MALLOC_TOP_PAD_: "16384" };

/** Bundles a program of the benchmark as the monitors are bundled. */
export async function bundleWorker(entryPoint: string, outfile: string): Promise<void> {
  const banner =
    'import{createRequire as bundledRequire}from"node:module";const require=bundledRequire(import.meta.url);';
  await build({
    entryPoints: [entryPoint],
    outfile,
    ...{ bundle: true, platform: "node", format: "esm", target: "node24" },
    banner: { js: banner },
    external: ["@koromix/*", "re2js"],
    define: { MASAKARI_MONITORS_VERSION: '"bench"' },
    logLevel: "warning",
  });
}
