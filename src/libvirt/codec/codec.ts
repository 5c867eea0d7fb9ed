import { ProtocolError } from "../errors.ts";
import { XdrReader, XdrWriter } from "./xdr.ts";

/** Both directions of one XDR type, so that a table of procedures describes each message once. */
export interface Codec<T> {
  write(writer: XdrWriter, value: T): void;
  read(reader: XdrReader): T;
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

export const u32: Codec<number> = { write: (writer, value) => writer.u32(value), read: (reader) => reader.u32() };
export const i32: Codec<number> = { write: (writer, value) => writer.i32(value), read: (reader) => reader.i32() };
export const i64: Codec<bigint> = { write: (writer, value) => writer.i64(value), read: (reader) => reader.i64() };
export const u64: Codec<bigint> = { write: (writer, value) => writer.u64(value), read: (reader) => reader.u64() };
export const double: Codec<number> = {
  write: (writer, value) => writer.double(value),
  read: (reader) => reader.double(),
};
export const string: Codec<string> = {
  write: (writer, value) => writer.string(value),
  read: (reader) => reader.string(),
};

/** No bytes at all: a call without arguments, a response without a result. */
export const nothing: Codec<undefined> = { write: () => undefined, read: () => undefined };

export function nullable<T>(item: Codec<T>): Codec<T | undefined> {
  return {
    write: (writer, value) => {
      writer.u32(value === undefined ? 0 : 1);
      if (value !== undefined) item.write(writer, value);
    },
    read: (reader) => (reader.present() ? item.read(reader) : undefined),
  };
}

/** XDR's `item<limit>`. The limit is the protocol's; the count is also held against the bytes that are there. */
export function array<T>(item: Codec<T>, limit: number): Codec<readonly T[]> {
  const check = (count: number): void => {
    if (count > limit) throw new ProtocolError(`${count} items where libvirt's protocol allows ${limit}`);
  };
  return {
    write: (writer, values) => {
      check(values.length);
      writer.u32(values.length);
      for (const value of values) item.write(writer, value);
    },
    read: (reader) => {
      const count = reader.count();
      check(count);
      return Array.from({ length: count }, () => item.read(reader));
    },
  };
}

/** Its fields in the order in which they are written down. */
export function struct<F extends Readonly<Record<string, Codec<unknown>>>>(
  fields: F,
): Codec<{ readonly [K in keyof F]: ValueOf<F[K]> }> {
  type Value = { readonly [K in keyof F]: ValueOf<F[K]> };
  const entries = Object.entries(fields);
  return {
    write: (writer, value) => {
      for (const [name, codec] of entries) codec.write(writer, value[name]);
    },
    read: (reader) => Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(reader)])) as Value,
  };
}

export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter();
  codec.write(writer, value);
  return writer.finish();
}

/** @throws ProtocolError also for bytes left over: then the two sides do not mean the same message. */
export function decode<T>(codec: Codec<T>, bytes: Buffer, what: string): T {
  const reader = new XdrReader(bytes);
  let value: T;
  try {
    value = codec.read(reader);
  } catch (error) {
    throw new ProtocolError(`${what}: ${(error as Error).message}`, { cause: error });
  }
  if (reader.remaining > 0) throw new ProtocolError(`${what}: ${reader.remaining} bytes too many in libvirt's message`);
  return value;
}
