import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BuildOptions, build } from "esbuild";
import { monitorPrograms } from "../src/cli/programs/index.ts";
import { ASSETS } from "../src/status/page/assets.ts";
import { recordCodeCaches } from "./bundle/record.ts";

/**
 * Bundles each program by itself: less to read at start, less memory, and nothing to resolve at run time but koffi's native
 * library. What runs all the time is one file with a code cache, which saves a third of the CPU of a start (docs/adr/0010). The
 * commands are in chunks, of which each loads what it needs: the control plane alone is as large as all the rest.
 * `npm run build -- --without-code-cache` makes the same files each time.
 */
const { values: options } = parseArgs({ options: { "without-code-cache": { type: "boolean", default: false } } });
const project = fileURLToPath(new URL("..", import.meta.url));
const dist = join(project, "dist");
const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string };

const common = {
  absWorkingDir: project,
  outdir: dist,
  bundle: true,
  platform: "node",
  target: "node24",
  minifySyntax: true,
  // Names are kept, so that a stack trace can be read.
  minifyWhitespace: true,
  // Not in the programs: a letter outside ASCII in a licence's text, and Node has the whole program in memory with two bytes a character.
  legalComments: "linked",
  external: ["@koromix/*", "re2js"],
  logLevel: "warning",
} as const satisfies BuildOptions;
const assets = Object.keys(ASSETS).map((name) => [
  name,
  readFileSync(join(project, "src/status/page/assets", name), "utf8"),
]);
const constants = {
  MASAKARI_MONITORS_VERSION: JSON.stringify(version),
  MASAKARI_PAGE_ASSETS: JSON.stringify(Object.fromEntries(assets)),
};

/** What Fastify requires and the control plane never uses: its own logger, requests without a socket, schemas, HTTP/2. */
const UNUSED = /^(?:pino|light-my-request|@fastify\/(?:ajv|fast-json-stringify)-compiler|node:http2)$/;

const DISK_THREAD = "disk-thread";
/** Programs, and what `masakari-monitors` loads to `run`, by the file of `src/cli/` that they begin with. */
const single = new Map([
  ...Object.keys(monitorPrograms).map((name) => [`masakari-${name}`, `${name}-main`] as const),
  ["masakari-monitors-run", "run-main"],
  [DISK_THREAD, "disk-thread-main"],
]);
const chunked = new Map([
  ["masakari-monitors", "monitors-main"],
  ["masakari", "masakari-main"],
]);

rmSync(dist, { recursive: true, force: true });
for (const [program, start] of chunked) await buildChunks(program, `src/cli/${start}.ts`);
for (const [program, start] of single) await buildBundle(program, `src/cli/${start}.ts`);
if (!options["without-code-cache"]) {
  await buildRunner("scripts/bundle/record-bundle.ts");
  await recordCodeCaches(project);
}
await buildRunner("src/cli/run-bundle.ts");
requireAscii();

/**
 * A bundle is read as one byte a character, and of a module Node keeps two bytes a character in memory as soon as one is not ASCII. esbuild
 * escapes all others but those of tagged templates and of comments.
 */
function requireAscii(): void {
  for (const path of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!/\.[cm]?js$/.test(path)) continue;
    const [, line] = /^(.*[^\0-\x7f].*)$/m.exec(readFileSync(join(dist, path), "utf8")) ?? [];
    if (line !== undefined) throw new Error(`${path} is not ASCII: ${/.{0,40}[^\0-\x7f].{0,40}/.exec(line)?.[0]}`);
  }
}

async function buildChunks(program: string, entryPoint: string): Promise<void> {
  await build({
    ...common,
    entryPoints: { [program]: entryPoint },
    chunkNames: `parts/${program}/[name]-[hash]`,
    outExtension: { ".js": ".mjs" },
    splitting: true,
    format: "esm",
    // CommonJS dependencies call require.
    banner: {
      js: 'import{createRequire as bundledRequire}from"node:module";const require=bundledRequire(import.meta.url);',
    },
    define: constants,
    plugins: [
      {
        name: "run",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/run-main\.ts$/ }, () => ({ path: "./masakari-monitors-run.cjs", external: true })),
      },
      {
        name: "unused",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: "unused" }));
          onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({
            contents: `// ${path}: see scripts/build.ts`,
          }));
        },
      },
    ],
  });
}

/** The name of the bundle is one that no other content has: what was compiled of one is never used for another. */
async function buildBundle(program: string, entryPoint: string): Promise<void> {
  const { metafile } = await build({
    ...common,
    entryPoints: { [program]: entryPoint },
    entryNames: "parts/[name]-[hash]",
    format: "cjs",
    banner: { js: "(function(require,bundleUrl,diskWorker){" },
    footer: { js: "})" },
    define: { ...constants, "import.meta.url": "bundleUrl", MASAKARI_DISK_WORKER: "diskWorker" },
    alias: { assert: join(project, "scripts/bundle/assert.cjs") },
    metafile: true,
  });
  const bundle = basename(Object.keys(metafile.outputs)[0] ?? "");
  const diskThread = program === DISK_THREAD ? "" : `,__dirname+"/${DISK_THREAD}.cjs"`;
  const run = `require("./run-bundle.cjs").runBundle(__dirname+"/parts/${bundle}",require${diskThread});`;
  writeFileSync(join(dist, `${program}.cjs`), `${run}\n`);
}

/** What the programs start with. */
async function buildRunner(entryPoint: string): Promise<void> {
  await build({ ...common, entryPoints: { "run-bundle": entryPoint }, outExtension: { ".js": ".cjs" }, format: "cjs" });
}
