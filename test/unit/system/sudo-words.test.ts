import assert from "node:assert/strict";
import { test } from "node:test";
import { commandWords } from "../../../src/system/sudo-words.ts";

const words = (text: string) => text.split(" ");
const run = (command: string, { asRoot = true, canSudo = false } = {}): string =>
  commandWords(words(command), asRoot, () => canSudo).join(" ");

test("a command that needs root runs by sudo", () => {
  assert.equal(run("systemctl restart x", { canSudo: true }), "sudo -n systemctl restart x");
  assert.equal(run("systemctl restart x", { canSudo: true, asRoot: false }), "systemctl restart x");
  assert.equal(run("sudo systemctl restart x", { canSudo: true, asRoot: false }), "sudo systemctl restart x");
});

test("where sudo cannot work, systemctl and service run without it: polkit decides", () => {
  assert.equal(run("systemctl restart x"), "systemctl restart x");
  assert.equal(run("/usr/sbin/service x restart"), "/usr/sbin/service x restart");
  assert.equal(run("sudo -n -- /bin/systemctl restart x", { asRoot: false }), "/bin/systemctl restart x");
  assert.equal(run("/usr/bin/sudo systemctl restart x"), "systemctl restart x");
});

test("what is not systemd's work keeps its sudo, whose error is then seen", () => {
  assert.equal(run("mend x"), "sudo -n mend x");
  assert.equal(run("/opt/systemctl restart x"), "sudo -n /opt/systemctl restart x");
  assert.equal(run("sudo -u nova systemctl restart x", { asRoot: false }), "sudo -u nova systemctl restart x");
  assert.deepEqual(
    commandWords([], true, () => true),
    [],
  );
});
