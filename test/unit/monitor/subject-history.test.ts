import assert from "node:assert/strict";
import { test } from "node:test";
import { SubjectHistory } from "../../../src/monitor/subject-history.ts";
import type { Subject } from "../../../src/status/subject.ts";

const at = (mono: number) => ({ mono, wall: 1_000_000 + mono });
const guest = (phase: string, more: Partial<Subject> = {}): Subject => ({
  kind: "guest",
  name: "vm 1",
  id: "u-1",
  phase,
  ...more,
});

const keyOf = ({ id, name }: Subject): string => id ?? name;

/** A history of which all subjects are given each time. */
class Watched {
  #keys: readonly string[] = [];
  readonly #history = new SubjectHistory();
  update(subjects: readonly Subject[], now: ReturnType<typeof at>) {
    const keys = subjects.map(keyOf);
    for (const gone of this.#keys) if (!keys.includes(gone)) this.#history.changed(gone, undefined, now);
    for (const subject of subjects) this.#history.changed(keyOf(subject), subject, now);
    this.#keys = keys;
    return this.#history.inOrder(keys);
  }
  logged(text: string, now: ReturnType<typeof at>): void {
    this.#history.logged(text, now);
  }
}

test("a phase lasts from when it was first seen until it is another", () => {
  const history = new Watched();
  assert.deepEqual(history.update([guest("answers")], at(1)), [
    { ...guest("answers"), since: at(1), lastEvent: undefined },
  ]);
  assert.equal(history.update([guest("answers")], at(2))[0]?.since.mono, 1);
  assert.equal(history.update([guest("silent")], at(3))[0]?.since.mono, 3);
  assert.equal(history.update([guest("answers")], at(4))[0]?.since.mono, 4);
  assert.equal(
    history.update([guest("silent", { since: at(2) })], at(5))[0]?.since.mono,
    2,
    "the monitor knows better",
  );
});

test("what has gone is forgotten", () => {
  const history = new Watched();
  history.update([guest("answers")], at(1));
  history.logged("u-1: came", at(1));
  history.update([], at(2));
  assert.deepEqual(history.update([guest("answers")], at(3)), [
    { ...guest("answers"), since: at(3), lastEvent: undefined },
  ]);
});

test("a line of the log is about what it names, by name or id, as a word", () => {
  const history = new Watched();
  const subjects: Subject[] = [guest("answers"), { kind: "process", name: "nova-compute", phase: "up, pid 1" }];
  const events = () => history.update(subjects, at(9)).map(({ lastEvent }) => lastEvent?.text);
  history.update(subjects, at(1));
  for (const text of ["nova-compute-x (pid 7) has ended", "nothing", ""]) history.logged(text, at(2));
  assert.deepEqual(events(), [undefined, undefined]);
  history.logged("vm 1: answers again", at(3));
  assert.deepEqual(events(), ["vm 1: answers again", undefined]);
  history.logged("vm 1 (u-1): failed ping", at(3));
  history.logged("nova-compute (pid 1) has ended", at(4));
  assert.deepEqual(events(), ["vm 1 (u-1): failed ping", "nova-compute (pid 1) has ended"]);
  history.logged(`${"x ".repeat(10_000_000)} nova-compute`, at(5));
  assert.equal(events()[1], "nova-compute (pid 1) has ended", "no line is searched without end");
});

test("a subject of another name is not found by its old one, which may be another's by now", () => {
  const history = new Watched();
  history.update([guest("answers"), guest("answers", { name: "vm-2", id: "u-2" })], at(1));
  history.update([guest("answers", { name: "vm-2" }), guest("answers", { name: "vm-3", id: "u-2" })], at(2));
  history.logged("vm-2: failed ping", at(3));
  const watched = history.update(
    [guest("answers", { name: "vm-2" }), guest("answers", { name: "vm-3", id: "u-2" })],
    at(4),
  );
  assert.deepEqual(
    watched.map(({ name, lastEvent }) => [name, lastEvent?.text]),
    [
      ["vm-2", "vm-2: failed ping"],
      ["vm-3", undefined],
    ],
  );
});
