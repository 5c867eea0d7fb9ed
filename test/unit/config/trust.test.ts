import assert from "node:assert/strict";
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkConfig } from "../../../src/config/check-config.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { loadTrustedProcessList } from "../../../src/config/process-list.ts";
import { distrustPath } from "../../../src/config/trust.ts";

const NOBODY = 65534;
const skip = process.getuid?.() !== 0 && "only root can give files away";

function scene(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "trust-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const etc = join(directory, "etc");
  mkdirSync(etc, { mode: 0o755 });
  const list = join(etc, "list.yaml");
  const conf = join(etc, "m.conf");
  writeFileSync(list, "- process_name: sshd\n  restart_command: /bin/true\n", { mode: 0o644 });
  writeFileSync(
    conf,
    `[api]\nauth_type = none\nendpoint = http://127.0.0.1:9\n[process]\nprocess_list_path = ${list}\n`,
    {
      mode: 0o644,
    },
  );
  const check = async (): Promise<string[]> => {
    const loaded = loadConfig({ program: "masakari-processmonitor", env: {}, homeDir: directory, configFiles: [conf] });
    return (await checkConfig(loaded, "masakari-processmonitor")).map(describeDiagnostic);
  };
  return { directory, etc, list, conf, check };
}

test("root's own files in root's own directories are relied on, in /tmp too", async (t) => {
  const { check, list } = scene(t);
  assert.equal(distrustPath(list), undefined);
  assert.deepEqual(
    (await check()).filter((line) => !/: info: /.test(line)),
    [],
  );
  assert.equal(distrustPath("/dev/null"), undefined);
});

for (const [what, spoil, reason] of [
  ["nobody's", ({ list }: ReturnType<typeof scene>) => chownSync(list, NOBODY, NOBODY), /belongs to user 65534/],
  ["writable for everybody", ({ list }) => chmodSync(list, 0o666), /writable for others \(mode 0666\)/],
  ["writable for its group", ({ list }) => chmodSync(list, 0o664), /writable for others \(mode 0664\)/],
  ["in a directory writable for everybody", ({ etc }) => chmodSync(etc, 0o777), /etc is writable for others/],
  [
    "a symbolic link of nobody's",
    ({ list, directory }) => {
      const real = join(directory, "real.yaml");
      writeFileSync(real, "- process_name: sshd\n");
      rmSync(list);
      symlinkSync(real, list);
      lchownSync(list, NOBODY, NOBODY);
    },
    /list\.yaml belongs to user 65534/,
  ],
] as const satisfies readonly (readonly [string, (made: ReturnType<typeof scene>) => void, RegExp])[]) {
  test(`a process list that is ${what} is refused: its commands would be run`, { skip }, async (t) => {
    const made = scene(t);
    spoil(made);
    const { entries, diagnostics } = await loadTrustedProcessList(made.list);
    assert.deepEqual(entries, []);
    assert.match(
      diagnostics.map(describeDiagnostic).join("\n"),
      new RegExp(`error: .*${reason.source}.*run any command`),
    );
    assert.match(
      (await made.check()).join("\n"),
      /list\.yaml: error: /,
      "check-config refuses what the program refuses",
    );
  });
}

test("a configuration that somebody else could have written is used, with a warning in capitals", {
  skip,
}, async (t) => {
  const { conf, check } = scene(t);
  chmodSync(conf, 0o666);
  const lines = (await check()).filter((line) => !/: info: /.test(line));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /m\.conf: warning: ANOTHER USER CAN CHANGE THIS CONFIGURATION: .*mode 0666/);
});

test("a directory that belongs to a service user, as Debian's, is a warning only", { skip }, async (t) => {
  const { etc, list } = scene(t);
  chownSync(etc, NOBODY, NOBODY);
  const { entries, diagnostics } = await loadTrustedProcessList(list);
  assert.equal(entries.length, 1);
  assert.deepEqual(
    diagnostics.map(({ severity }) => severity),
    ["warning"],
  );
});

test("a path that cannot even be examined is left to the program that opens it, which reports why", (t) => {
  const { etc } = scene(t);
  // ENAMETOOLONG, which root gets too; a directory that may not be searched gives EACCES.
  assert.equal(distrustPath(join(etc, "x".repeat(300))), undefined);
});
