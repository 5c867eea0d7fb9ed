import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
