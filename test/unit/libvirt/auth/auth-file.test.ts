import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readCredentials } from "../../../../src/libvirt/auth/auth-file.ts";
import { AuthError } from "../../../../src/libvirt/errors.ts";
import { cpuTimer } from "../../../support/cpu-time.ts";

/** A folder of this test's own, and an environment in which nothing else is set. */
function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "auth-file-"));
  const { LIBVIRT_AUTH_FILE: named, XDG_CONFIG_HOME: config } = process.env;
  delete process.env.LIBVIRT_AUTH_FILE;
  process.env.XDG_CONFIG_HOME = folder;
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, value] of Object.entries({ LIBVIRT_AUTH_FILE: named, XDG_CONFIG_HOME: config })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  return folder;
}

function write(file: string, text: string): string {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const login = (name: string) =>
  `[credentials-c]\nauthname=${name}\npassword=p\n[auth-libvirt-default]\ncredentials=c\n`;

describe("libvirt's auth.conf", () => {
  it("is read in a moment, whatever is in it, and not at all if it has no end", { timeout: 60_000 }, async (t) => {
    const folder = place(t);
    const long = 60 * 1024;
    for (const [at, line] of [
      " ".repeat(long),
      `a${" ".repeat(long)}`,
      `[${"[".repeat(long)}`,
      "\\".repeat(long),
    ].entries()) {
      const file = write(join(folder, `long-${at}.conf`), `${line}\n${login("nova")}${line}\n`);
      const used = cpuTimer();
      assert.equal((await readCredentials("host", file)).username, "nova");
      assert.ok(used() < 3000, `${at}: ${used()} ms of CPU time`);
    }
    await assert.rejects(readCredentials("host", "/dev/zero"), /\/dev\/zero cannot be read \(over \d+ bytes\)/);
  });

  it("is the file of the environment, else of the URI, else the user's", async (t) => {
    const folder = place(t);
    write(join(folder, "libvirt/auth.conf"), login("users"));
    const ofUri = write(join(folder, "uri.conf"), login("uris"));
    const user = async (file?: string) => (await readCredentials("host", file)).username;
    assert.equal(await user(), "users");
    assert.equal(await user(ofUri), "uris");
    process.env.LIBVIRT_AUTH_FILE = write(join(folder, "env.conf"), login("environments"));
    assert.equal(await user(ofUri), "environments");
  });

  it("is read as GLib's key files are", async (t) => {
    const text = [
      "# a comment",
      "",
      "  [credentials-c]",
      "authname = nova@cloud",
      "# password=none",
      'password =  "p=a;s\\\\s\\sä" ',
      "[auth-libvirt-compute-1]\r",
      "credentials=c\r",
      "[credentials-c]",
      "realm=cloud",
    ].join("\n");
    const file = write(join(place(t), "auth.conf"), text);
    assert.deepEqual(await readCredentials("compute-1", file), {
      username: "nova@cloud",
      password: '"p=a;s\\s ä" ',
      realm: "cloud",
      file,
    });
  });

  it("has the host's own login before the default one", async (t) => {
    const other = "[credentials-d]\nauthname=other\npassword=p\n[auth-libvirt-compute-1]\ncredentials=d\n";
    const file = write(join(place(t), "auth.conf"), login("default") + other);
    assert.equal((await readCredentials("compute-1", file)).username, "other");
    assert.equal((await readCredentials("compute-2", file)).username, "default");
  });

  it("shows nothing of what is in it when it is wrong", async (t) => {
    const folder = place(t);
    const wrong = write(
      join(folder, "auth.conf"),
      "[credentials-c]\npassword=s3cret\n[auth-libvirt-default]\ncredentials=c\n",
    );
    for (const [file, message] of [
      [wrong, /\[credentials-c\] has no authname=/],
      [folder, /cannot be read \(EISDIR\)/],
      [join(folder, "none.conf"), /none\.conf cannot be read \(ENOENT\)/],
    ] as const) {
      await assert.rejects(readCredentials("host", file), (error: unknown) => {
        assert.ok(error instanceof AuthError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("s3cret"));
        return true;
      });
    }
  });
});
