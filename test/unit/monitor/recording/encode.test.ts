import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decode, encode } from "../../../../src/monitor/recording/encode.ts";
import { SubjectMap } from "../../../../src/monitor/subject-map.ts";
import { SubjectOrder } from "../../../../src/monitor/subject-order.ts";
import { assertProperty } from "../../../support/seeds.ts";

test("any value comes back as it was: undefined, infinite numbers, maps, sets, and objects with any member", () => {
  const value = fc.anything({ withMap: true, withSet: true, withNullPrototype: false });
  const members = fc.dictionary(fc.constantFrom("$", "of", "kind", "__proto__"), fc.anything(), {
    noNullPrototype: true,
  });
  assertProperty(
    fc.property(fc.oneof(value, members), (given) => {
      // JSON has one zero.
      fc.pre(!fc.stringify(given).includes("-0"));
      assert.deepEqual(decode(encode(given)), given);
    }),
  );
});

test("the states' own maps come back in their order", () => {
  const map = new SubjectMap<number>().set("b", 1).set("a", 2).delete("b").set("b", 3);
  const order = SubjectOrder.empty.with("late", 9).with("early", 1);
  const { map: mapAgain, order: orderAgain } = decode(encode({ map, order })) as {
    map: typeof map;
    order: typeof order;
  };
  assert.deepEqual([...mapAgain], [...map]);
  assert.deepEqual(orderAgain.places(), order.places());
});

test("what is not encoded by this is refused", () => {
  for (const text of [
    '{"$":"subjects"}',
    '{"$":"map","of":[1]}',
    '{"$":"set","of":{}}',
    '{"$":"other","of":[]}',
    "{",
    '{"$":1}',
  ]) {
    assert.throws(() => decode(text), SyntaxError, text);
  }
});
