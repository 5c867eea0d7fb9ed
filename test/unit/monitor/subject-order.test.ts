import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SubjectOrder } from "../../../src/monitor/subject-order.ts";
import { assertProperty } from "../../support/seeds.ts";

/** What may be done to an order of few subjects, so that they meet. */
const change = fc.record({
  subject: fc.constantFrom("a", "b", "c", "d"),
  at: fc.integer({ min: 0, max: 5 }),
  adds: fc.boolean(),
});

test("an order lists its subjects by number and then by name, whatever was added and removed before", () => {
  assertProperty(
    fc.property(fc.array(change, { maxLength: 100 }), fc.integer({ min: -1, max: 6 }), (changes, after) => {
      let order = SubjectOrder.empty;
      const expected = new Map<string, { at: number; subject: string }>();
      for (const { subject, at, adds } of changes) {
        order = adds ? order.with(subject, at) : order.without(subject, at);
        if (adds) expected.set(`${at} ${subject}`, { at, subject });
        else expected.delete(`${at} ${subject}`);
      }
      const sorted = [...expected.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, place]) => place);
      assert.equal(order.size, sorted.length);
      assert.deepEqual(
        order.take(),
        sorted.map(({ subject }) => subject),
      );
      assert.deepEqual(order.take(2), order.take().slice(0, 2));
      assert.deepEqual(order.first(), sorted[0]);
      assert.deepEqual(
        order.firstAfter(after),
        sorted.find(({ at }) => at > after),
      );
    }),
  );
});

test("an order stays as it is whatever is made of it", () => {
  let order = SubjectOrder.empty;
  for (let index = 0; index < 100; index++) order = order.with(`subject ${index}`, index);
  const before = order.take();
  for (let index = 0; index < 100; index += 3) order.without(`subject ${index}`, index).with(`other ${index}`, index);
  assert.deepEqual(order.take(), before);
  assert.equal(SubjectOrder.empty.size, 0);
});
