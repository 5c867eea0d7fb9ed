import { nodeZlib } from "../../system/node-zlib.ts";

/** Before each block: the length of what follows and its CRC-32, both of 4 bytes, the most significant one first. */
export const BLOCK_HEAD = 8;
/** 3 takes half the time of 6. A block takes about a millisecond, for which a notification may wait for the disk's thread. */
const LEVEL = 3;
/**
 * Of what zlib returns it allocates so many bytes at a time. Most blocks have a few hundred; and so small a piece is cut from a larger buffer
 * that several blocks share, where 4096 bytes would be a buffer of their own until the thread collects its garbage.
 */
const CHUNK = 1024;

/** Lines as they stand in a file. */
export function blockOf(lines: string): Uint8Array {
  const { crc32, deflateRawSync } = nodeZlib();
  const compressed = deflateRawSync(bytesOf(lines), { level: LEVEL, chunkSize: CHUNK });
  const block = Buffer.allocUnsafe(BLOCK_HEAD + compressed.length);
  block.writeUInt32BE(compressed.length, 0);
  block.writeUInt32BE(crc32(compressed), 4);
  block.set(compressed, BLOCK_HEAD);
  return block;
}

/** Bytes; enough for an ordinary block. */
const REUSED = 200_000;
const MOST_BYTES_OF_A_CHARACTER = 3;
let reused: Buffer | undefined;

/**
 * In the same memory each time: the disk's thread has so little to do that what it no longer uses would be collected
 * a minute later, and that is 2 MB.
 */
function bytesOf(lines: string): Uint8Array {
  if (lines.length * MOST_BYTES_OF_A_CHARACTER > REUSED) return Buffer.from(lines);
  reused ??= Buffer.allocUnsafeSlow(REUSED);
  return reused.subarray(0, reused.write(lines));
}
