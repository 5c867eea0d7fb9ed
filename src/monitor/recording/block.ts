import { nodeZlib } from "../../system/node-zlib.ts";

/** Before each block: the length of what follows and its CRC-32, both of 4 bytes, the most significant one first. */
export const BLOCK_HEAD = 8;
/** 3 takes half the time of 6. A block takes about a millisecond, for which a notification may wait for the disk's thread. */
const LEVEL = 3;

/** Lines as they stand in a file. */
export function blockOf(lines: string): Uint8Array {
  const { crc32, deflateRawSync } = nodeZlib();
  const compressed = deflateRawSync(lines, { level: LEVEL });
  const block = Buffer.alloc(BLOCK_HEAD + compressed.length);
  block.writeUInt32BE(compressed.length, 0);
  block.writeUInt32BE(crc32(compressed), 4);
  block.set(compressed, BLOCK_HEAD);
  return block;
}
