import { type BaseIssue, type GenericSchema, getDotPath, type InferOutput, safeParse } from "valibot";
import { printable } from "./printable.ts";

/** A value of the expected shape, or what is wrong with it. */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

/** A problem is cut to so many characters. */
const LONGEST_PROBLEM = 300;

/**
 * Checks a value against a schema without transformations. @returns the very same value, with the members that the schema does not name;
 * or what is wrong, on one line, with the path of the member: `hosts.3.name: Invalid type: Expected string but received null`
 */
export function check<Schema extends GenericSchema>(schema: Schema, value: unknown): Checked<InferOutput<Schema>> {
  const result = safeParse(schema, value, { abortEarly: true });
  if (result.success) return { value: value as InferOutput<Schema> };
  return { problem: problemOf(result.issues[0]) };
}

/** What is wrong, on one line, with the path of the member. @param where the path begins */
export function problemOf(issue: BaseIssue<unknown>, where = ""): string {
  const path = getDotPath(issue);
  return printable(`${where}${path === null ? "" : `${path}: `}${issue.message}`.slice(0, LONGEST_PROBLEM));
}

/** As `check`, of a JSON text. */
export function checkJson<Schema extends GenericSchema>(schema: Schema, text: string): Checked<InferOutput<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "not JSON" };
  }
  return check(schema, value);
}

/** The value as the schema describes it; undefined if it does not have that shape. */
export function conforming<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
): InferOutput<Schema> | undefined {
  const result = safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** The items of a list that conform; none if it is no list. */
export function conformingItems<Schema extends GenericSchema>(schema: Schema, list: unknown): InferOutput<Schema>[] {
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.flatMap((item) => {
    const result = safeParse(schema, item);
    return result.success ? [result.output] : [];
  });
}

/** What a JSON text contains; undefined if it is no JSON, or does not have the schema's shape. */
export function parseJson<Schema extends GenericSchema>(schema: Schema, text: string): InferOutput<Schema> | undefined {
  try {
    return conforming(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
