import {
  array,
  type Codec,
  double,
  i32,
  i64,
  nullable,
  string,
  struct,
  u32,
  u64,
  type ValueOf,
} from "../codec/codec.ts";
import { ProtocolError } from "../errors.ts";

const UUID_BYTES = 16;
/** remote_protocol.x: REMOTE_DOMAIN_LIST_MAX, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS_MAX, REMOTE_AUTH_SASL_DATA_MAX. */
export const DOMAIN_LIST_MAX = 16_384;
const STATS_MAX = 262_144;
const SASL_DATA_MAX = 65_536;

/** 16 raw bytes on the wire, `8339061d-60a7-41d7-9ba4-eef412c50df2` here. */
export const uuid: Codec<string> = {
  write: (writer, value) => {
    const hex = value.replaceAll("-", "");
    if (!/^[0-9a-f]{32}$/i.test(hex)) throw new ProtocolError(`not a UUID: ${JSON.stringify(value)}`);
    writer.opaque(Buffer.from(hex, "hex"));
  },
  read: (reader) => {
    const hex = reader.opaque(UUID_BYTES).toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  },
};

/** Characters: a name that libvirt has made a file of has less than 256 bytes. */
const LONGEST_NAME = 1000;
/** Only for log lines, so that a longer one, of megabytes perhaps, may come back shorter. */
const domainName: Codec<string> = {
  write: (writer, value) => writer.string(value),
  read: (reader) => reader.string().slice(0, LONGEST_NAME),
};

/** remote_nonnull_domain. The server looks a domain up by its UUID alone. */
export const domain = struct({
  name: domainName,
  uuid,
  /** -1: inactive. */
  id: i32,
});

export type Domain = ValueOf<typeof domain>;

/** remote_error: code and message are what is of use. What follows them is written empty and not read. */
export const serverError: Codec<{ readonly number: number; readonly domain: number; readonly message: string }> = {
  write: (writer, value) => {
    writer.i32(value.number);
    writer.i32(value.domain);
    nullable(string).write(writer, value.message);
    writer.i32(2); // level: error
    for (let item = 0; item < 4; item++) writer.u32(0); // domain, str1, str2, str3
    writer.i32(0);
    writer.i32(0);
    writer.u32(0); // network
  },
  read: (reader) => {
    const error = { number: reader.i32(), domain: reader.i32(), message: nullable(string).read(reader) ?? "" };
    reader.opaque(reader.remaining - (reader.remaining % 4));
    return error;
  },
};

/**
 * SASL data. It is declared as an array of `char`, so that each byte takes four on the wire; `undefined` is "no data at
 * all", which is not the same as empty data.
 */
export const saslData: Codec<Buffer | undefined> = {
  write: (writer, value) => {
    writer.i32(value === undefined ? 1 : 0);
    writer.u32(value?.length ?? 0);
    for (const byte of value ?? []) writer.i32((byte << 24) >> 24);
  },
  read: (reader) => {
    const none = reader.i32() !== 0;
    const count = reader.count();
    if (count > SASL_DATA_MAX)
      throw new ProtocolError(`${count} bytes of SASL data; libvirt's limit is ${SASL_DATA_MAX}`);
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count; at++) bytes[at] = reader.i32() & 0xff;
    return none ? undefined : bytes;
  },
};

/** 64-bit integers are bigint. */
export type ParameterValue = number | bigint | boolean | string;

const boolean: Codec<boolean> = {
  write: (writer, value) => writer.i32(value ? 1 : 0),
  read: (reader) => reader.i32() !== 0,
};

/** virTypedParameterType (include/libvirt/libvirt-common.h): its number is the place in this list. */
const parameterTypes: readonly (readonly [type: string, codec: Codec<ParameterValue>] | undefined)[] = [
  undefined,
  ["int", i32],
  ["uint", u32],
  ["llong", i64],
  ["ullong", u64],
  ["double", double],
  ["boolean", boolean],
  ["string", string],
];

/** remote_typed_param_value: the type's number, then a value of that type. */
const parameterValue: Codec<{ readonly type: string; readonly value: ParameterValue }> = {
  write: (writer, { type, value }) => {
    const number = parameterTypes.findIndex((entry) => entry?.[0] === type);
    writer.i32(number);
    parameterTypes[number]?.[1].write(writer, value);
  },
  read: (reader) => {
    const number = reader.i32();
    const entry = parameterTypes[number];
    if (entry === undefined) throw new ProtocolError(`a typed parameter has the unknown type ${number}`);
    return { type: entry[0], value: entry[1].read(reader) };
  },
};

/** remote_domain_stats_record. */
export const domainStats = struct({
  domain,
  parameters: array(struct({ field: string, value: parameterValue }), STATS_MAX),
});
