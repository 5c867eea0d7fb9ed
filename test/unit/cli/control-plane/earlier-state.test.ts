import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireNoEarlierState } from "../../../../src/cli/control-plane/earlier-state.ts";

test("a control plane whose state is where it was by default before does not begin anew", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "earlier-state-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const [now, earlier, other] = ["now", "earlier", "other"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const check = (stateDir: string) => () => requireNoEarlierState(stateDir, { now, earlier });
  assert.doesNotThrow(check(now));
  mkdirSync(earlier);
  writeFileSync(join(earlier, "control-plane.sqlite"), "");
  assert.throws(
    check(now),
    new RegExp(`still in ${earlier}.*move that directory to ${now}, or give --state-dir ${earlier}`),
  );
  for (const chosen of [earlier, other]) assert.doesNotThrow(check(chosen));
  mkdirSync(now);
  writeFileSync(join(now, "control-plane.sqlite"), "");
  assert.doesNotThrow(check(now));
});
