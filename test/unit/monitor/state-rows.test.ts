import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ofEach } from "../../../src/monitor/kept.ts";
import { StateRows } from "../../../src/monitor/state-rows.ts";
import { SubjectMap } from "../../../src/monitor/subject-map.ts";
import { assertProperty } from "../../support/seeds.ts";

interface State {
  readonly rest: number;
  readonly guests: SubjectMap<number>;
  readonly reports: SubjectMap<string>;
}

/** A store in memory, which takes over the rows it is given. */
class Rows {
  readonly saved = new Map<string, string>();
  readonly calls: string[] = [];
  readonly rows = new StateRows<State>(
    {
      name: "testmonitor",
      kept: {
        maps: {
          guests: ofEach<State, number, unknown>(
            ({ guests }) => guests,
            (value, uuid) => {
              this.calls.push(uuid);
              return value === 0 ? undefined : { value };
            },
          ),
          reports: ofEach<State, string, unknown>(
            ({ reports }) => reports,
            (text) => text,
          ),
        },
        rest: ({ rest }) => ({ rest }),
      },
    },
    {
      saved: (key) => this.saved.get(key),
      savedUnder: (prefix) => [...this.saved].filter(([key]) => key.startsWith(prefix)),
    },
  );

  take(rows: ReadonlyMap<string, string | undefined>): number {
    for (const [key, json] of rows) {
      if (json === undefined) this.saved.delete(key);
      else this.saved.set(key, json);
    }
    return rows.size;
  }

  restored(): unknown {
    const { rest, maps } = this.rows.read() ?? {};
    const plain = (name: string) => [...(maps?.[name] ?? [])].sort();
    return { rest, guests: plain("guests"), reports: plain("reports") };
  }
}

const initial: State = { rest: 0, guests: new SubjectMap(), reports: new SubjectMap() };
const shown = ({ rest, guests, reports }: State) => ({
  rest: { rest },
  guests: [...guests].flatMap(([uuid, value]) => (value === 0 ? [] : [[uuid, { value }]])).sort(),
  reports: [...reports].sort(),
});

const subjects = fc.constantFrom("a", "b/c", "d", "instance/0");
const steps = fc.array(
  fc.oneof(
    fc.record({ guest: subjects, value: fc.option(fc.nat(3), { nil: undefined }) }),
    fc.record({ report: subjects, text: fc.option(fc.string(), { nil: undefined }) }),
    fc.record({ rest: fc.nat(2) }),
  ),
);

function after(
  state: State,
  step: { guest?: string; value?: number | undefined; report?: string; text?: string | undefined; rest?: number },
): State {
  const { guest, value, report, text, rest } = step;
  if (guest !== undefined) {
    return { ...state, guests: value === undefined ? state.guests.delete(guest) : state.guests.set(guest, value) };
  }
  if (report !== undefined) {
    return { ...state, reports: text === undefined ? state.reports.delete(report) : state.reports.set(report, text) };
  }
  return { ...state, rest: rest ?? 0 };
}

test("what is written of each change adds up to the state, whatever was there, and a state that is there needs no write", () => {
  assertProperty(
    fc.property(steps, steps, fc.integer({ min: 1, max: 4 }), (earlier, later, batch) => {
      const store = new Rows();
      let state = earlier.reduce(after, initial);
      store.take(store.rows.differing(state));
      assert.deepEqual(store.restored(), shown(state));
      for (let index = 0; index < later.length; index += batch) {
        const before = state;
        state = later.slice(index, index + batch).reduce(after, state);
        store.take(store.rows.changed(before, state));
        assert.deepEqual(store.restored(), shown(state));
      }
      assert.equal(store.take(store.rows.differing(state)), 0);
      store.take(store.rows.differing(initial));
      assert.deepEqual(store.restored(), shown(initial));
    }),
  );
});

test("of a thousand subjects only the one that has changed is serialised and written", () => {
  const store = new Rows();
  const guests = new SubjectMap<number>(Array.from({ length: 1000 }, (_, number) => [`guest-${number}`, 1]));
  const state: State = { ...initial, guests };
  store.take(store.rows.differing(state));
  store.calls.length = 0;
  const rows = store.rows.changed(state, { ...state, guests: guests.set("guest-7", 2) });
  assert.deepEqual([...rows], [["testmonitor/guests/guest-7", '{"value":2}']]);
  assert.deepEqual(store.calls, ["guest-7"]);
});
