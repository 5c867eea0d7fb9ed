import { SubjectMap } from "../subject-map.ts";
import { encode, type Redact } from "./encode.ts";

/** Values of a map that stand in one line. */
const ROWS = 50;

/** The lines of a state, from which a replay can begin. Each is of limited length, however many subjects there are. */
export function* stateLines(state: unknown, redact: Redact | undefined): Generator<string> {
  const members = isObject(state) ? Object.entries(state) : [];
  const maps = members.filter((member): member is [string, SubjectMap<unknown>] => member[1] instanceof SubjectMap);
  const empty = Object.fromEntries(maps.map(([name]) => [name, new SubjectMap()]));
  yield encode({ kind: "state", state: isObject(state) ? { ...state, ...empty } : state }, redact);
  for (const [map, contents] of maps) {
    let rows: [string, unknown][] = [];
    for (const row of contents) {
      rows.push(row);
      if (rows.length < ROWS) continue;
      yield encode({ kind: "rows", map, rows }, redact);
      rows = [];
    }
    if (rows.length > 0) yield encode({ kind: "rows", map, rows }, redact);
  }
}

/** The state with these rows of one of its maps added, while it is read back. */
export function withRows(state: unknown, map: string, rows: readonly (readonly [string, unknown])[]): unknown {
  const before = isObject(state) && Object.hasOwn(state, map) ? state[map] : undefined;
  if (!(before instanceof SubjectMap)) throw new SyntaxError(`rows of ${map}, which the recorded state does not have`);
  return { ...(state as object), [map]: rows.reduce((next, [key, value]) => next.set(key, value), before) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
