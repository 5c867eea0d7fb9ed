import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { instance } from "../support/libvirt-scene.ts";
import { LibvirtServer, procedures } from "../support/libvirt-server.ts";

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** What a package is made of: of this checkout, but with builds of its own. */
const CONTENT = ["LICENSE", "README.md", "bin", "dist", "docs", "etc", "packaging", "package.json"];
const PARTS = [...CONTENT.filter((name) => name !== "dist"), "scripts", "src", "package-lock.json", "tsconfig.json"];

const CONSUMER = `import { type Connection, connect, type DomainEvent, LibvirtError, type Logger, systemClock } from "masakari-monitors/libvirt";

const ignore = (): void => undefined;
const log: Logger = { debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore, named: () => log };

export async function names(uri: string, signal: AbortSignal): Promise<readonly string[]> {
  const connection: Connection = await connect(uri, { clock: systemClock, log, readOnly: true, signal });
  try {
    const domains = await connection.listDomains();
    return domains.map(({ name }) => name);
  } finally {
    await connection.close();
  }
}
export const nameOf = ({ domain }: DomainEvent): string => domain.name;
const [socket] = process.argv.slice(2);
const signal = AbortSignal.timeout(20_000);
process.stdout.write(\`\${(await names(\`qemu+unix:///system?socket=\${socket}\`, signal)).join()}\\n\`);
const gone = await names("qemu+unix:///system?socket=/nonexistent/libvirt-sock", signal).catch((error: unknown) => error);
if (!(gone instanceof LibvirtError)) throw gone;
process.stdout.write(\`\${process.version} \${gone.code}\\n\`);
`;

test("the npm package is installed offline without scripts; a consumer's types are right, its code runs, and so do the programs", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "npm-pack-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const source = join(directory, "source");
  mkdirSync(source);
  for (const part of PARTS) cpSync(join(PROJECT, part), join(source, part), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(source, "node_modules"));
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const npm = async (cwd: string, ...args: readonly string[]) =>
    await run("npm", [...args, "--offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd,
      env: { ...process.env, PATH: path },
    });
  // The dependencies as a registry would give them.
  const packed = async (from: string): Promise<string> => {
    const { stdout } = await npm(from, "pack", "--ignore-scripts", "--pack-destination", directory);
    return join(directory, stdout.trim().split("\n").at(-1) ?? "");
  };
  const { stdout } = await npm(source, "pack", "--pack-destination", directory);
  const tarball = join(directory, stdout.trim().split("\n").at(-1) ?? "");

  const consumer = join(directory, "consumer");
  mkdirSync(consumer);
  const files = [tarball, await packed(join(PROJECT, "node_modules/re2js"))];
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  await npm(consumer, "install", "--ignore-scripts", "--omit=optional", ...files);
  const installed = join(consumer, "node_modules/masakari-monitors");

  await t.test("nothing of the sources or the tests is in it", () => {
    const names = readdirSync(installed).filter((name) => name !== "node_modules");
    assert.deepEqual(names.sort(), [...CONTENT, "npm-shrinkwrap.json"].sort());
  });

  await t.test("the libvirt client's types, without this project's sources", async () => {
    writeFileSync(join(consumer, "index.ts"), CONSUMER);
    mkdirSync(join(consumer, "node_modules/@types"), { recursive: true });
    symlinkSync(join(PROJECT, "node_modules/@types/node"), join(consumer, "node_modules/@types/node"));
    symlinkSync(join(PROJECT, "node_modules/undici-types"), join(consumer, "node_modules/undici-types"));
    const tsc = join(PROJECT, "node_modules/typescript/bin/tsc");
    const options = "--module nodenext --target es2023 --strict --types node".split(" ");
    await run(process.execPath, [tsc, ...options, "index.ts"], { cwd: consumer }).catch((error: { stdout?: string }) =>
      assert.fail(error.stdout ?? String(error)),
    );
  });

  await t.test("the consumer's code runs, on the machine's own Node too", async () => {
    await using server = await LibvirtServer.start();
    server.on(procedures.connectListAllDomains, (call) => call.reply({ domains: [instance], count: 1 }));
    for (const node of [
      process.execPath,
      ...["/usr/local/bin/node", "/usr/bin/node"].filter((path) => existsSync(path)),
    ]) {
      const result = await run(node, ["index.js", server.socket], { cwd: consumer });
      assert.match(result.stdout, /^instance-1\nv\d+\.\d+\.\d+ LIBVIRT_CONNECT\n$/);
    }
  });

  await t.test("the programs run", async () => {
    const env = { ...process.env, PATH: path };
    for (const name of ["masakari-processmonitor", "masakari-monitors", "masakari"]) {
      const result = await run(join(consumer, "node_modules/.bin", name), ["--version"], { env });
      assert.match(result.stdout, /^\d+\.\d+\.\d+\n$/);
    }
  });
});
