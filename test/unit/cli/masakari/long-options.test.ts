import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { withWholeOptions } from "../../../../src/cli/masakari/long-options.ts";
import { runMasakariCommand } from "../../../support/masakari-command.ts";

function program(): Command {
  const all = new Command("masakari")
    .version("1")
    .option("--os-auth-url <URL>")
    .option("--os-auth-type <TYPE>")
    .option("--debug")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const segment = all.command("segment");
  segment.command("list").option("--limit <N>").option("--sort <KEY>").option("--sort-column <C>");
  segment.command("update <id>").option("--description <TEXT>").option("--reserved [BOOLEAN]").option("-f <FORMAT>");
  return all;
}
const whole = (line: string): string => withWholeOptions(line.split(" "), program()).join(" ");

test("an abbreviation is the one option that begins with it, of the program or of the command", () => {
  assert.equal(whole("--os-auth-u http://k segment list --lim 1"), "--os-auth-url http://k segment list --limit 1");
  assert.equal(whole("segment list --os-auth-u=http://k --de"), "segment list --os-auth-url=http://k --debug");
  assert.equal(whole("segment list --he"), "segment list --help");
  assert.equal(whole("--vers"), "--version");
});

test("a whole name is itself, also where another option begins with it", () => {
  assert.equal(whole("segment list --sort name"), "segment list --sort name");
});

test("an underscore is a dash", () => {
  assert.equal(whole("--os_auth_url x segment list --sort_c name"), "--os-auth-url x segment list --sort-column name");
});

test("options of another command, and values, are none", () => {
  assert.equal(whole("segment update s --lim"), "segment update s --lim");
  assert.equal(whole("segment update s --desc --deb"), "segment update s --description --deb");
  assert.equal(whole("segment update s -f --deb --deb"), "segment update s -f --deb --debug");
  assert.equal(whole("segment update s --reserved --deb"), "segment update s --reserved --debug");
  assert.equal(whole("segment update s --description=a_b --deb"), "segment update s --description=a_b --debug");
  // The name of a segment may be a command's.
  assert.equal(whole("segment update -- --desc"), "segment update -- --desc");
});

test("one that may be several is refused, with their names", () => {
  const message = "error: ambiguous option '--os-auth': it may be --os-auth-type, --os-auth-url";
  assert.throws(() => whole("--os-auth x segment list"), { message });
});

test("the command ends with 2 then, and shows no value of an option that there is not", async () => {
  const ambiguous = await runMasakariCommand(["--os-p=Sesam", "segment", "list"], {});
  assert.equal(ambiguous.status, 2);
  assert.match(ambiguous.err, /ambiguous option '--os-p': it may be --os-password, --os-project-domain-id, /);
  const unknown = await runMasakariCommand(["--os-passwrod=Sesam", "segment", "list"], {});
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /unknown option '--os-passwrod'\n/);
  for (const { err } of [ambiguous, unknown]) assert.doesNotMatch(err, /Sesam/);
  const secret = await runMasakariCommand(
    ["--os-passw=Sesam", "--os-auth-ur", "http://127.0.0.1:1", "segment-list"],
    {},
  );
  assert.match(secret.err, /Every user of this machine can see a secret/);
});
