import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultMatrix, isBlind, judge } from "../../../../src/host/consul/matrix.ts";
import { NETWORKS } from "../../../../src/host/consul/networks.ts";
import type { Position } from "../../../../src/host/driver.ts";

const matrix = defaultMatrix(NETWORKS);

function verdict(positions: string): string {
  const states = positions.split(" ") as Position["state"][];
  const { state, departure } = judge(matrix, states);
  return departure === undefined ? state : `${state} ${departure}`;
}

/** Of manage, tenant and storage, by upstream's matrix. */
const VERDICTS: Readonly<Record<string, string>> = {
  "up up up": "online",
  "up up down": "offline crash",
  "up down up": "unstable",
  "up down down": "offline crash",
  "down up up": "unstable",
  "down up down": "offline crash",
  "down down up": "unstable",
  "down down down": "offline crash",
  "left left left": "offline expected",
  "up up left": "offline expected",
  "left up up": "unstable",
  "left down down": "offline crash",
  "down down left": "offline expected",
  "unknown up up": "unknown",
  "unknown down up": "unstable",
  "unknown up down": "offline crash",
  "unknown unknown down": "offline crash",
  "unknown unknown left": "offline expected",
  "up up unknown": "unknown",
  "down down unknown": "unknown",
  "unknown unknown unknown": "unknown",
};

describe("the matrix", () => {
  for (const [positions, expected] of Object.entries(VERDICTS))
    it(`makes ${expected} of ${positions}`, () => assert.equal(verdict(positions), expected));

  it("sees no failure while the networks are unknown that it decides by", () => {
    assert.equal(isBlind(matrix, new Set(["manage", "tenant"])), false);
    assert.equal(isBlind(matrix, new Set(["storage"])), true);
    assert.equal(isBlind({ sequence: ["manage"], recovery: new Set() }, new Set()), true);
  });
});
