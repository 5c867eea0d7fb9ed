import { writeSync } from "node:fs";
import { OutboxRig, stopped } from "./outbox-rig.ts";

/** The outbox does not take any number; and a test's machine may be slow to kill. */
const MOST = 60;
/** Notifications in one transaction: the more, the likelier it is hit. */
const AT_ONCE = Number(process.argv[3]);

// A program of its own, to be killed: `node outbox-writer.ts STATE_PATH COUNT` adds COUNT notifications about one subject,
// together with a saved state that counts the subjects, and prints that once it is done. Every other one it ends at once.
const rig = new OutboxRig(process.argv[2] ?? "");
const first = Number(rig.store.saved("testmonitor") ?? 0) + 1;
for (let count = first; count < first + MOST; count += 1) {
  rig.store.transaction(() => {
    rig.store.save("testmonitor", String(count));
    for (let index = 0; index < AT_ONCE; index += 1) rig.outbox.add(`process:p${count}`, stopped(`p${count}`));
  });
  if (count % 2 === 0) rig.outbox.supersede(`process:p${count}`, "it runs again");
  writeSync(1, `done ${count}\n`);
}
setInterval(() => undefined, 60_000);
