import assert from "node:assert/strict";
import { test } from "node:test";
import { pingOutcome } from "../../../src/introspective/ping-outcome.ts";
import { CallTimeoutError, ConnectionLostError, ServerError } from "../../../src/libvirt/errors.ts";

/** What libvirt 9.0 says, and what it means for the guest. */
const cases: readonly (readonly [number: number, text: string, outcome: string])[] = [
  [86, "Guest agent is not responding: Guest agent not available for now", "silent"],
  [86, "Guest agent is not responding: QEMU guest agent is not connected", "disconnected"],
  [86, "Guest agent is not responding: Guest agent disappeared while executing command", "disconnected"],
  [86, "Guest agent is not responding: QEMU guest agent is not available due to an error", "silent"],
  [1, "internal error: cannot parse json", "silent"],
  [68, "Timed out during operation: cannot acquire state change lock", "occupied"],
  [74, "argument unsupported: QEMU guest agent is not configured", "noChannel"],
  [42, "Domain not found", "gone"],
  [55, "Requested operation is not valid: domain is not running", "gone"],
  [29, "operation forbidden: read only access prevents it", "denied"],
  [88, "access denied", "denied"],
  [38, "Unable to create thread: Resource temporarily unavailable", "unknown"],
];

for (const [number, text, outcome] of cases) {
  test(`${number} ${text}: ${outcome}`, () => {
    assert.equal(pingOutcome(new ServerError("QEMU_DOMAIN_AGENT_COMMAND", number, 10, text)), outcome);
  });
}

test("a libvirt that does not answer, or is gone, says nothing about the guest", () => {
  assert.equal(pingOutcome(new CallTimeoutError("no answer within 42 s")), "unknown");
  assert.equal(pingOutcome(new ConnectionLostError("gone")), "unknown");
  assert.equal(pingOutcome(new Error("anything")), "unknown");
});
