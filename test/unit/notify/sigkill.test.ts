import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { OutboxRig, stateDirectory } from "../../support/outbox-rig.ts";
import { Seeded } from "../../support/seeded.ts";
import { againWith, drawnSeed } from "../../support/seeds.ts";

const writer = fileURLToPath(new URL("../../support/outbox-writer.ts", import.meta.url));
const KILLS = 10;
const AT_ONCE = 15;
const LONGEST_MS = 15;

test("killed at any instant, what was reported as done is on disk, and a notification never without its state", async (t) => {
  const again = againWith(drawnSeed);
  const random = new Seeded(drawnSeed);
  const directory = stateDirectory(t);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = new Child(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      writer,
      directory,
      String(AT_ONCE),
    ]);
    await child.line(/^done/, 60_000);
    await sleep(random.between(0, LONGEST_MS));
    await child.stop("SIGKILL");

    const done = Number(
      child.output
        .match(/done \d+/g)
        ?.at(-1)
        ?.slice(5),
    );
    const rig = new OutboxRig(directory);
    assert.deepEqual(rig.logged("critical"), [], again);
    const saved = Number(rig.store.saved("testmonitor"));
    assert.ok(saved === done || saved === done + 1, `${again}: ${done} were done, ${saved} are counted`);
    const pending = rig.outbox.subjects().map((subject) => Number(subject.slice("process:p".length)));
    const odd = Array.from({ length: saved }, (_, index) => index + 1).filter((count) => count % 2 === 1);
    // The last one may have been added and not ended yet, even though that is what comes next.
    const unfinished = saved % 2 === 0 && pending.includes(saved) && saved > done ? [saved] : [];
    assert.deepEqual(pending, [...odd, ...unfinished], again);
    assert.equal(rig.outbox.pendingCount, AT_ONCE * pending.length, again);
    for (const count of unfinished) rig.outbox.supersede(`process:p${count}`, "it runs again");
    rig.store.close();
  }
});
