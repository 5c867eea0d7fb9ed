import { readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { monitorPrograms } from "../src/cli/programs/index.ts";

/**
 * Bundles each program into one file: less to read at start, less memory, and nothing to resolve at run time but
 * koffi's native library. The options tables, the control plane and other things that a run may not need stay in
 * chunks of their own and are loaded when used. Each program by itself: what several share would be chunks too, 15 of
 * them for a monitor, which cost it 20 ms of CPU at every start.
 */
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
const monitors = Object.keys(monitorPrograms).map((name) => [`masakari-${name}`, `src/cli/${name}-main.ts`] as const);
const programs = new Map([
  ...monitors,
  ["masakari-monitors", "src/cli/monitors-main.ts"],
  ["masakari", "src/cli/masakari-main.ts"],
  ["disk-thread", "src/cli/disk-thread-main.ts"],
]);
for (const [program, entryPoint] of programs) {
  await build({
    entryPoints: { [program]: entryPoint },
    chunkNames: `parts/${program}/[name]-[hash]`,
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    // CommonJS dependencies call require; names are kept, so that a stack trace can be read.
    banner: {
      js: 'import{createRequire as bundledRequire}from"node:module";const require=bundledRequire(import.meta.url);',
    },
    external: ["@koromix/*", "re2js"],
    define: { MASAKARI_MONITORS_VERSION: JSON.stringify(version) },
    logLevel: "warning",
  });
}
