import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { chooseStatePlace, fallbackPlaces } from "../../../src/cli/state-place.ts";
import { isContainerLayer } from "../../../src/system/container-layer.ts";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

function scene(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "state-place-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const statePath = join(directory, "state");
  const systemd = join(directory, "systemd");
  const environment = {
    env: { STATE_DIRECTORY: systemd },
    homeDir: join(directory, "home"),
    uid: process.getuid?.() ?? 0,
  };
  return { directory, statePath, systemd, environment };
}

test("state_path is made, and is its owner's alone", (t) => {
  const { directory, environment } = scene(t);
  const statePath = join(directory, "a/b");
  assert.deepEqual(chooseStatePlace(statePath, environment), { path: statePath, problem: undefined });
  assert.equal(statSync(statePath).mode & 0o777, 0o700);
});

const UNUSABLE: readonly (readonly [string, RegExp, (statePath: string) => void])[] = [
  [
    "writable for everybody",
    /state is writable for others \(mode 0757\)/,
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o757);
    },
  ],
  [
    "writable for its group",
    /mode 0770/,
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o770);
    },
  ],
  [
    "writable for everybody, sticky",
    /mode 01777/,
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o1777);
    },
  ],
  [
    "below a directory that is writable for everybody",
    /state-place-\w+ is writable for others/,
    (path) => chmodSync(join(path, ".."), 0o777),
  ],
  ["a file", /ENOTDIR/, (path) => writeFileSync(path, "")],
];

for (const [what, why, prepare] of UNUSABLE) {
  test(`a state_path that is ${what} is not used, and the log names the place that is used instead`, (t) => {
    const { directory, statePath, environment } = scene(t);
    prepare(statePath);
    const other = mkdtempSync(join(tmpdir(), "state-place-other-"));
    t.after(() => rmSync(other, { recursive: true }));
    const place = chooseStatePlace(statePath, { ...environment, env: { STATE_DIRECTORY: other } });
    assert.equal(place.path, other);
    assert.match(place.problem ?? "", why);
    assert.match(
      place.problem ?? "",
      /is not used: .* are kept in .* until .*\. Give this program's user a state_path/,
    );
    chmodSync(directory, 0o700);
  });
}

test("a state_path that cannot be made is not used, below /proc neither", (t) => {
  const { systemd, environment } = scene(t);
  const place = chooseStatePlace("/proc/masakari/state", environment);
  assert.equal(place.path, systemd);
  assert.match(place.problem ?? "", /\/proc\/masakari\/state .* is not used: ENOENT/);
});

test("a directory or a symbolic link of another user's is not relied on", { skip: !isRoot && "needs root" }, (t) => {
  const { directory, statePath, systemd, environment } = scene(t);
  mkdirSync(statePath);
  chownSync(statePath, NOBODY, NOBODY);
  assert.match(chooseStatePlace(statePath, environment).problem ?? "", /belongs to user 65534/);
  const nobodys = join(directory, "nobodys");
  mkdirSync(nobodys);
  mkdirSync(join(directory, "roots"));
  symlinkSync(join(directory, "roots"), join(nobodys, "link"));
  chownSync(nobodys, NOBODY, NOBODY);
  const place = chooseStatePlace(join(nobodys, "link"), environment);
  assert.equal(place.path, systemd);
  assert.match(place.problem ?? "", /nobodys belongs to user 65534/);
});

test("after what systemd gives comes XDG_STATE_HOME, then what a reboot empties; nothing of it is believed blindly", (t) => {
  const { directory, environment } = scene(t);
  // No other run of this test has the directory below /run that takes its place.
  const statePath = `/proc/masakari/other-${process.pid}`;
  const xdg = join(directory, "xdg");
  const env = { STATE_DIRECTORY: join(directory, "open"), XDG_STATE_HOME: xdg };
  mkdirSync(env.STATE_DIRECTORY);
  chmodSync(env.STATE_DIRECTORY, 0o777);
  const second = chooseStatePlace(statePath, { ...environment, env });
  assert.ok(second.path.startsWith(`${xdg}/masakarimonitors-`), second.path);
  assert.deepEqual(
    fallbackPlaces(statePath, { ...environment, env }).filter((path) => path.startsWith(directory)),
    [env.STATE_DIRECTORY, second.path],
    "where `status` looks, too",
  );
  const third = chooseStatePlace(statePath, { ...environment, env: {} });
  t.after(() => rmSync(third.path, { recursive: true }));
  if (isRoot) assert.ok(third.path.startsWith("/run/masakarimonitors-"), third.path);
  if (!third.path.startsWith(directory)) assert.match(third.problem ?? "", /until the next reboot, which loses them/);
  assert.ok(existsSync(third.path));
});

test("in a container without a volume, a fallback is lost when the container is replaced; a state_path that is set is used", (t) => {
  const { statePath, environment } = scene(t);
  const onLayer = () => true;
  assert.deepEqual(chooseStatePlace(statePath, environment, onLayer), { path: statePath, problem: undefined });
  const { problem } = chooseStatePlace("/proc/masakari/state", environment, onLayer);
  assert.match(problem ?? "", /kept in .*systemd until the container is replaced, which loses them/);
});

test("an ordinary directory, in a container or not, is no container's layer", (t) => {
  const { directory } = scene(t);
  for (const env of [{}, { KUBERNETES_SERVICE_HOST: "10.0.0.1" }, { container: "podman" }]) {
    assert.equal(isContainerLayer("/proc", env), false);
  }
  assert.throws(() => isContainerLayer(join(directory, "none"), { container: "oci" }), { code: "ENOENT" });
});
