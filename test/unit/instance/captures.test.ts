import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceDecisions } from "../../support/instance-decisions.ts";
import { type LibvirtCapture, libvirtCaptures } from "../../support/libvirt-captures.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

function play(capture: LibvirtCapture, decisions: InstanceDecisions): string[] {
  // `start` is of a domain that is not there yet.
  decisions.start();
  decisions.connect(capture.name === "start" ? [] : [{ uuid: capture.uuid }]);
  for (const event of capture.events) {
    decisions.mono += 20;
    decisions.event(event, capture.uuid);
  }
  return decisions.events;
}

test("there are captures, of the situations that are known", () => {
  assert.equal(libvirtCaptures.length, 28);
});

for (const capture of libvirtCaptures) {
  const { name } = capture;
  test(`${name}: what the Python monitor notified, in the order of the events`, () => {
    const decisions = new InstanceDecisions({ collapse_window: 0, notify_guest_panic: false });
    assert.deepEqual(play(capture, decisions), capture.notified);
    for (const one of decisions.notified) {
      assert.deepEqual(
        { ...one, generated_time: "", payload: Object.keys(one.payload) },
        {
          type: "VM",
          hostname: "compute1",
          generated_time: "",
          payload: ["event", "instance_uuid", "vir_domain_event"],
        },
      );
    }
  });

  test(`${name}: by default a burst is notified once, and a guest that ends by a panic is a failure`, () => {
    const notified = play(capture, new InstanceDecisions());
    const once = capture.notified.filter((one, index) => capture.notified.indexOf(one) === index);
    assert.deepEqual(notified, ["panic_destroy", "panic_tiny"].includes(name) ? [FAILED] : once);
  });
}

test("a panic that is preserved is notified when it is known to stay", () => {
  const capture = libvirtCaptures.find(({ name }) => name === "panic_preserve");
  assert.ok(capture);
  const decisions = new InstanceDecisions();
  assert.deepEqual(play(capture, decisions), []);
  assert.deepEqual(
    decisions.effects.findLast(({ kind }) => kind !== "count"),
    { kind: "askOnCrash", uuid: capture.uuid },
  );

  decisions.onCrash("preserve", capture.uuid);

  assert.deepEqual(decisions.events, [FAILED]);
});
