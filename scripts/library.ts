import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Makes what the package exports: the libvirt client as one module for Node 20 and later (`dist/libvirt.mjs`), and its types
 * (`dist/types/`). `npm pack` runs it after the build of the programs.
 */
const project = fileURLToPath(new URL("..", import.meta.url));
const types = join(project, "dist/types");

rmSync(types, { recursive: true, force: true });
await build({
  entryPoints: { libvirt: join(project, "src/libvirt-library.ts") },
  outdir: join(project, "dist"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  define: { "Promise.withResolvers": "withResolvers" },
  inject: [join(project, "scripts/with-resolvers.ts")],
  logLevel: "warning",
});
const { compilerOptions } = JSON.parse(readFileSync(join(project, "tsconfig.json"), "utf8")) as {
  compilerOptions: Record<string, unknown>;
};
const config = join(project, "node_modules/.cache/library.tsconfig.json");
const emit = {
  noEmit: false,
  incremental: false,
  declaration: true,
  emitDeclarationOnly: true,
  rewriteRelativeImportExtensions: true,
};
const { tsBuildInfoFile: _, ...options } = compilerOptions;
const places = { outDir: types, rootDir: join(project, "src"), typeRoots: [join(project, "node_modules/@types")] };
writeFileSync(
  config,
  JSON.stringify({
    compilerOptions: { ...options, ...emit, ...places },
    files: [join(project, "src/libvirt-library.ts")],
  }),
);
execFileSync(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "--project", config], {
  stdio: "inherit",
});
// tsc leaves the imports of declarations as they are, and there are no sources beside them.
for (const name of readdirSync(types, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"))) {
  const path = join(types, name);
  writeFileSync(path, readFileSync(path, "utf8").replace(/((?:from|import\() ?")(\.[^"]*)\.ts"/g, '$1$2.js"'));
}
