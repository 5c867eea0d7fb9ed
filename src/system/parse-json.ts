import { type GenericSchema, type InferOutput, safeParse } from "valibot";

/** The value as the schema describes it; undefined if it does not have that shape. */
export function conforming<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
): InferOutput<Schema> | undefined {
  const result = safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** What a JSON text contains; undefined if it is no JSON, or does not have the schema's shape. */
export function parseJson<Schema extends GenericSchema>(schema: Schema, text: string): InferOutput<Schema> | undefined {
  try {
    return conforming(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
