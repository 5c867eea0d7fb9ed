import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bareEntry } from "../../../src/config/process-list/entries.ts";
import { loadProcessList } from "../../../src/config/process-list.ts";

const fixture = fileURLToPath(new URL("../../fixtures/config/process_list.yaml", import.meta.url));
const list = (text: string) => loadProcessList("p.yaml", { read: () => ({ text }) });

test("the example list is read without a word", async () => {
  const { entries, diagnostics } = await loadProcessList(fixture);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(entries, [
    {
      ...bareEntry,
      process_name: "/usr/sbin/libvirtd",
      start_command: "systemctl start libvirt-bin",
      restart_command: "systemctl restart libvirt-bin",
      run_as_root: true,
    },
    {
      ...bareEntry,
      process_name: "nova-compute",
      start_command: "systemctl start nova",
      restart_command: "systemctl restart nova",
      run_as_root: true,
    },
  ]);
});

test("every key that goes beyond upstream is read", async () => {
  const { entries, diagnostics } = await list(
    [
      "- process_name: ^nova-(compute|novncproxy)",
      "  restart_command: systemctl restart nova-compute",
      "  match: regex",
      "  pidfile: /run/nova.pid",
      "  systemd_unit: nova-compute@1.service",
      "  settle: 0",
      "  restart_retries: 0",
      "  restart_interval: 0.5",
      "  command_timeout: 30",
    ].join("\n"),
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(entries, [
    {
      ...bareEntry,
      process_name: "^nova-(compute|novncproxy)",
      restart_command: "systemctl restart nova-compute",
      match: "regex",
      pidfile: "/run/nova.pid",
      systemd_unit: "nova-compute@1.service",
      settle: 0,
      restart_retries: 0,
      restart_interval: 0.5,
      command_timeout: 30,
    },
  ]);
});

test("a user is a name of this host or any number; an expression that takes long over some text is warned about without one", async () => {
  const regex = (user: string) =>
    list(`- process_name: nova-(?!api)\n  match: regex\n  restart_command: b\n  user: ${user}\n`);
  assert.deepEqual((await regex("root")).entries[0]?.user, "root");
  assert.deepEqual((await regex("4711")).entries[0]?.user, "4711");
  assert.deepEqual((await regex("root")).diagnostics, []);
  const [warning, ...more] = (await regex("")).diagnostics;
  assert.deepEqual([warning?.severity, more], ["warning", []]);
  assert.match(warning?.message ?? "", /process_name uses lookaround or a reference to a group.*set user/);
});

test("only process_name is required; a key without a value is as good as none", async () => {
  const { entries } = await list("- process_name: a\n  restart_command: b\n  run_as_root:\n  settle: ~\n  match:\n");
  assert.deepEqual(entries, [{ ...bareEntry, process_name: "a", restart_command: "b" }]);
});

for (const [written, meant] of [
  ["True", true],
  ["yes", true],
  ["ON", true],
  ['"true"', true],
  ["1", true],
  ["False", false],
  ["no", false],
  ['"False"', false],
  ['"off"', false],
] as const) {
  test(`run_as_root: ${written} is ${meant}`, async () => {
    const { entries } = await list(`- process_name: a\n  restart_command: b\n  run_as_root: ${written}\n`);
    assert.equal(entries[0]?.run_as_root, meant);
  });
}

test("y and n are text, as for PyYAML", async () => {
  const { entries, diagnostics } = await list("- process_name: y\n  restart_command: n\n");
  assert.deepEqual([entries[0]?.process_name, entries[0]?.restart_command, diagnostics], ["y", "n", []]);
});

test("aliases and merge keys work", async () => {
  const { entries } = await list(
    "- &base {process_name: a, restart_command: r, run_as_root: yes}\n- {<<: *base, process_name: b}\n",
  );
  assert.deepEqual(
    entries.map(({ process_name, restart_command, run_as_root }) => [process_name, restart_command, run_as_root]),
    [
      ["a", "r", true],
      ["b", "r", true],
    ],
  );
});
