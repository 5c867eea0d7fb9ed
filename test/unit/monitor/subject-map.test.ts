import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SubjectMap } from "../../../src/monitor/subject-map.ts";
import { assertProperty } from "../../support/seeds.ts";

/** Which of the versions so far is changed, and how; undefined deletes. */
const changes = fc.array(
  fc.record({
    /** Mostly the newest one. */
    back: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.nat(20)),
    key: fc.constantFrom(..."abcdefg"),
    value: fc.option(fc.nat(3), { nil: undefined }),
  }),
  { maxLength: 60 },
);

test("every version, older and branched ones too, is what a plain Map would be, in the same order", () => {
  assertProperty(
    fc.property(changes, fc.array(fc.tuple(fc.constantFrom(..."abc"), fc.nat(3))), (steps, first) => {
      const versions = [{ map: new SubjectMap(first), plain: new Map(first) }];
      for (const { back, key, value } of steps) {
        const from = versions[Math.max(0, versions.length - 1 - back)] ?? assert.fail();
        const plain = new Map(from.plain);
        if (value === undefined) plain.delete(key);
        else plain.set(key, value);
        versions.push({ map: value === undefined ? from.map.delete(key) : from.map.set(key, value), plain });
      }
      for (const { map, plain } of versions.toReversed()) {
        assert.deepEqual([...map], [...plain]);
        assert.deepEqual(
          [map.size, [...map.keys()], [...map.values()]],
          [plain.size, [...plain.keys()], [...plain.values()]],
        );
        for (const key of "abcdefg") assert.deepEqual([map.get(key), map.has(key)], [plain.get(key), plain.has(key)]);
      }
    }),
  );
});

test("what has changed between any two versions is among the keys that it names, and all of them did change on the way", () => {
  assertProperty(
    fc.property(changes, (steps) => {
      const versions = [new SubjectMap<number>([["a", 0]])];
      for (const { back, key, value } of steps) {
        const from = versions[Math.max(0, versions.length - 1 - back)] ?? assert.fail();
        versions.push(value === undefined ? from.delete(key) : from.set(key, value));
      }
      const touched = new Set(steps.map(({ key }) => key));
      for (const before of versions) {
        for (const after of versions) {
          const named = after.changedSince(before);
          for (const key of "abcdefg") {
            const isSame = before.get(key) === after.get(key) && before.has(key) === after.has(key);
            assert.ok(isSame || named.has(key), `${key} has changed`);
          }
          for (const key of named) assert.ok(touched.has(key), `${key} was never changed`);
          if (before === after) assert.equal(named.size, 0);
        }
      }
    }),
  );
});

test("to walk through a version is not changed by what is made of it meanwhile", () => {
  assertProperty(
    fc.property(fc.uniqueArray(fc.constantFrom(..."abcdefg")), changes, (keys, steps) => {
      const map = new SubjectMap<number>(keys.map((key) => [key, 9]));
      let later = map;
      const rest = steps.values();
      const walked: [string, number][] = [];
      for (const entry of map) {
        walked.push(entry);
        for (const { key, value } of rest.take(2))
          later = value === undefined ? later.delete(key) : later.set(key, value);
      }
      assert.deepEqual(
        walked,
        keys.map((key) => [key, 9]),
      );
    }),
  );
});

test("to set what is there, or delete what is not, is no change", () => {
  const map = new SubjectMap([["a", 1]]);
  assert.equal(map.set("a", 1), map);
  assert.equal(map.delete("b"), map);
});

test("a line of many changes is right across its ends, and names only what has changed where that is near", () => {
  const keys = Array.from({ length: 3000 }, (_, number) => `guest ${number}`);
  let map = new SubjectMap<number>(keys.map((key) => [key, 0]));
  const first = map;
  let wide = 0;
  for (let change = 1; change <= 20_000; change++) {
    const before = map;
    map = map.set(keys[(change * 7) % keys.length] ?? "", change);
    if (map.changedSince(before).size !== 1) wide += 1;
  }
  assert.equal(wide, 0);
  assert.deepEqual([first.get("guest 7"), map.get("guest 0")], [0, 18_000]);
  assert.equal(map.changedSince(first).size, 3000);
});
