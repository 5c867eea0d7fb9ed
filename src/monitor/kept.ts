import { type GenericSchema, type InferOutput, safeParse } from "valibot";
import { problemOf } from "../system/parse-json.ts";
import type { SubjectMap } from "./subject-map.ts";

/** One of a state's maps by subject, and what is made of each value in it. */
export interface OfEach<State, Result> {
  readonly map: (state: State) => SubjectMap<unknown>;
  readonly each: (value: unknown, subject: string) => Result;
}

/**
 * @param map which map of the state
 * @param each what is made of one value of it. Pure: it is only called for values that have changed.
 */
export function ofEach<State, Value, Result>(
  map: (state: State) => SubjectMap<Value>,
  each: (value: Value, subject: string) => Result,
): OfEach<State, Result> {
  return { map, each: (value, subject) => each(value as Value, subject) };
}

/** What of a state is on disk: a row for each subject, written when it changes, and one for the rest. All of it JSON. */
export interface Keep<State> {
  /** By names of the monitor's choice, which stay for ever; undefined: there is nothing to keep about this subject. */
  readonly maps?: Readonly<Record<string, OfEach<State, unknown>>>;
  /** A few values: they are serialised for every change of the state, and written if they have changed. */
  readonly rest: (state: State) => unknown;
}

/** What an earlier run kept, as parsed from JSON. Nothing in it is known to be of the expected shape. */
export interface Saved {
  readonly rest: unknown;
  /** The rows by subject, by the names of `Keep.maps`. Empty in what version 0.1.0 saved: it had all in `rest`. */
  readonly maps: Readonly<Record<string, ReadonlyMap<string, unknown>>>;
}

/** Takes what is wrong with a saved row that is left out. */
export type OnUnreadable = (problem: string) => void;

/** The rows by subject that have the schema's shape. @param name of the rows, as in `Keep.maps` */
export function readableRows<Schema extends GenericSchema>(
  name: string,
  rows: ReadonlyMap<string, unknown> | undefined,
  schema: Schema,
  onUnreadable: OnUnreadable,
): [string, InferOutput<Schema>][] {
  const readable: [string, InferOutput<Schema>][] = [];
  for (const [subject, row] of rows ?? []) {
    const result = safeParse(schema, row, { abortEarly: true });
    if (result.success) readable.push([subject, result.output]);
    else onUnreadable(problemOf(result.issues[0], `${name}/${subject}: `));
  }
  return readable;
}

/** Rows by subject of what version 0.1.0 kept as a list of objects, under the value of this field; undefined if it is none. */
export function rowsOfList(list: unknown, field: string): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(list)) return undefined;
  const rows = list.map((one: unknown) => [(one as Record<string, unknown> | null)?.[field], one] as const);
  return rows.every((row): row is [string, unknown] => typeof row[0] === "string") ? new Map(rows) : undefined;
}
