import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNotification } from "../../../src/notify/entry.ts";

test("a notification is named by its most specific words", () => {
  const about = (payload: Record<string, string>) =>
    describeNotification({
      type: "VM",
      hostname: "compute1",
      generated_time: "2026-11-23T12:00:00.000000",
      payload: { instance_uuid: "7f1c", ...payload },
    });
  assert.equal(
    about({ event: "LIFECYCLE", vir_domain_event: "STOPPED_FAILED" }),
    "VM STOPPED_FAILED of 7f1c on compute1",
  );
  assert.equal(about({ event: "REBOOT", vir_domain_event: "UNKNOWN" }), "VM REBOOT of 7f1c on compute1");
  assert.equal(about({ event: "QEMU_GUEST_AGENT_ERROR" }), "VM QEMU_GUEST_AGENT_ERROR of 7f1c on compute1");
});
