import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, inflateRawSync } from "node:zlib";
import { BLOCK_HEAD, blockOf } from "../../../../src/monitor/recording/block.ts";

function linesOf(block: Uint8Array): string {
  const bytes = Buffer.from(block);
  const compressed = bytes.subarray(BLOCK_HEAD);
  assert.deepEqual([bytes.readUInt32BE(0), bytes.readUInt32BE(4)], [compressed.length, crc32(compressed)]);
  return inflateRawSync(compressed).toString();
}

test("a block has its own lines, whatever length and characters they and those of the block before have", () => {
  const random = Array.from({ length: 30_000 }, (_, index) => `${(index * 7919) % 10_007}`).join(" ");
  const texts = [random, "short\n", "", "三".repeat(60_000), "三".repeat(70_000), random.repeat(2), "ü\n"];
  const blocks = texts.map(blockOf);
  assert.deepEqual(blocks.map(linesOf), texts);
});
