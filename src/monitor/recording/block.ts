import { nodeZlib } from "../../system/node-zlib.ts";

/** Before each block: the length of what follows and its CRC-32, both of 4 bytes, the most significant one first. */
export const BLOCK_HEAD = 8;

/** A block as it stands in a file. */
export function blockOf(compressed: Uint8Array): Uint8Array {
  const block = Buffer.alloc(BLOCK_HEAD + compressed.length);
  block.writeUInt32BE(compressed.length, 0);
  block.writeUInt32BE(nodeZlib().crc32(compressed), 4);
  block.set(compressed, BLOCK_HEAD);
  return block;
}
