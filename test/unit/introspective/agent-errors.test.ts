import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { PingOutcome } from "../../../src/introspective/observation.ts";
import { pingOutcome } from "../../../src/introspective/ping-outcome.ts";
import { ServerError } from "../../../src/libvirt/mod.ts";
import { IntrospectiveWorld } from "../../support/introspective-world.ts";

/** What real libvirts replied, by what the guest was like (test/system/libvirt-versions.test.ts). */
type Errors = Readonly<Record<string, { readonly number: number; readonly text: string }>>;

const folder = new URL("../../fixtures/libvirt/agent-errors/", import.meta.url);
const files = readdirSync(folder);

/** How long each takes at least, ms, and what it means. */
const meanings: Readonly<Record<string, readonly [tookMs: number, outcome: PingOutcome]>> = {
  "guest-ping is blocked": [5, "responded"],
  "there is no channel": [1, "noChannel"],
  "hangs, the first ping": [2000, "unresponsive"],
  "hangs, a later ping": [2000, "unresponsive"],
  "the agent ends amid the ping": [1000, "disconnected"],
  "the agent has ended": [1, "disconnected"],
  "a file system freeze occupies the agent": [30_000, "occupied"],
  "an agent command occupies the agent": [30_000, "occupied"],
  "the guest is paused": [1, "gone"],
  "there is no such guest": [1, "gone"],
};

test("there are the errors of libvirt before and after 11.2", () => {
  assert.deepEqual(files, ["libvirt-11.3.0.json", "libvirt-12.8.0.json", "libvirt-9.0.0.json"]);
});

for (const file of files) {
  const errors = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Errors;
  const errorOf = (what: string): ServerError => {
    const { number, text } = errors[what] ?? { number: 0, text: "" };
    return new ServerError("QEMU_DOMAIN_AGENT_COMMAND", number, 10, text);
  };

  describe(file, () => {
    test("every error has the meaning of what the guest was like", () => {
      assert.deepEqual(new Set(Object.keys(errors)), new Set(Object.keys(meanings)));
      for (const [what, [tookMs, outcome]] of Object.entries(meanings)) {
        const error = errorOf(what);
        assert.equal(pingOutcome(error, tookMs), outcome, what);
        assert.notEqual(error.errorName, "UNKNOWN", `${what}: the error has a name`);
      }
    });

    /** The failed ping at which a guest that is like this from now on is notified, or undefined within half an hour. */
    const notifiedAt = async (first: string, later = first): Promise<number | undefined> => {
      const world = new IntrospectiveWorld();
      const guest = world.guest("vm");
      world.startMonitor();
      await world.run(30_000);
      const before = world.pings.length;
      world.fate = () => {
        const what = world.pings.length - before <= 1 ? first : later;
        const [ms = 0, outcome = "unknown"] = meanings[what] ?? [];
        return { ms, outcome, detail: errorOf(what).message };
      };
      while (world.notified.length === 0 && world.mono < 1_800_000) await world.run(1000);
      assert.equal(world.stateOf(guest)?.uuid, "vm");
      return world.notified.length === 0 ? undefined : world.pings.length - before;
    };

    test("a hang is notified at the third ping; the first counts, whatever libvirt calls it", async () => {
      assert.equal(await notifiedAt("hangs, the first ping", "hangs, a later ping"), 3);
    });

    test("an agent that ends is a closed channel, notified two pings later", async () => {
      assert.equal(await notifiedAt("the agent ends amid the ping", "the agent has ended"), 5);
    });

    test("an agent that refuses guest-ping, or is occupied, is not notified within half an hour", async () => {
      assert.equal(await notifiedAt("guest-ping is blocked"), undefined);
      assert.equal(await notifiedAt("a file system freeze occupies the agent"), undefined);
      assert.equal(await notifiedAt("an agent command occupies the agent"), undefined);
    });
  });
}
