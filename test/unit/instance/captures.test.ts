import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceMind } from "../../support/instance-mind.ts";
import { type LibvirtCapture, libvirtCaptures } from "../../support/libvirt-captures.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";

function play(capture: LibvirtCapture, mind: InstanceMind): string[] {
  // `start` is of a domain that is not there yet.
  mind.start();
  mind.connect(capture.name === "start" ? [] : [{ uuid: capture.uuid }]);
  for (const event of capture.events) {
    mind.mono += 20;
    mind.event(event, capture.uuid);
  }
  return mind.told;
}

test("there are captures, of the situations that are known", () => {
  assert.equal(libvirtCaptures.length, 28);
});

for (const capture of libvirtCaptures) {
  const { name } = capture;
  test(`${name}: what the Python monitor told, in the order of the events`, () => {
    const mind = new InstanceMind({ collapse_window: 0, notify_guest_panic: false });
    assert.deepEqual(play(capture, mind), capture.told);
    for (const one of mind.notified) {
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

  test(`${name}: by default a burst is told once, and a guest that ends by a panic is a failure`, () => {
    const told = play(capture, new InstanceMind());
    const once = capture.told.filter((one, index) => capture.told.indexOf(one) === index);
    assert.deepEqual(told, ["panic_destroy", "panic_tiny"].includes(name) ? [FAILED] : once);
  });
}

test("a panic that is preserved is told when it is known to stay", () => {
  const capture = libvirtCaptures.find(({ name }) => name === "panic_preserve");
  assert.ok(capture);
  const mind = new InstanceMind();
  assert.deepEqual(play(capture, mind), []);
  assert.deepEqual(mind.effects.at(-1), { kind: "askOnCrash", uuid: capture.uuid });

  mind.onCrash("preserve", capture.uuid);

  assert.deepEqual(mind.told, [FAILED]);
});
