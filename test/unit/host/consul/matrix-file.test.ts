import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeDiagnostic } from "../../../../src/config/diagnostic.ts";
import { defaultMatrix } from "../../../../src/host/consul/matrix.ts";
import { parseMatrix, readMatrixFile } from "../../../../src/host/consul/matrix-file.ts";
import { NETWORKS, type Network } from "../../../../src/host/consul/networks.ts";

/** As in upstream's documentation. */
const UPSTREAM = `sequence: [manage, tenant, storage]
matrix:
  - {health: [up, up, up], action: []}
  - {health: [up, up, down], action: [recovery]}
  - {health: [up, down, up], action: []}
  - {health: [up, down, down], action: [recovery]}
  - {health: [down, up, up], action: []}
  - {health: [down, up, down], action: [recovery]}
  - {health: [down, down, up], action: []}
  - health: [down, down, down]
    action: [recovery]
`;

function lines(text: string, configured: readonly Network[] = NETWORKS): readonly string[] {
  return parseMatrix("m.yaml", text, configured).diagnostics.map(describeDiagnostic);
}

const rows = (...all: readonly string[]): string =>
  `sequence: [manage, storage]\nmatrix:\n${all.map((row) => `- ${row}\n`).join("")}`;
const COMPLETE = [
  "{health: [up, down], action: [recovery]}",
  "{health: [down, up], action: []}",
  "{health: [down, down], action: [recovery]}",
];

describe("matrix_config_file", () => {
  it("as upstream documents it is upstream's default", () => {
    const { matrix, diagnostics } = parseMatrix("m.yaml", UPSTREAM, NETWORKS);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(matrix, defaultMatrix(NETWORKS));
  });

  it("may be about some of the networks, in any order", () => {
    const { matrix } = parseMatrix(
      "m.yaml",
      "sequence: [storage, manage]\nmatrix:\n- {health: [down, up], action: [recovery]}\n",
      NETWORKS,
    );
    assert.deepEqual(matrix?.sequence, ["storage", "manage"]);
    assert.deepEqual([...(matrix?.recovery ?? [])], ["down up"]);
  });

  it("takes recovery as a word, and the first of two rows, as upstream does", () => {
    const text = rows("{health: [up, down], action: recovery}", "{health: [up, down], action: []}");
    assert.deepEqual([...(parseMatrix("m.yaml", text, NETWORKS).matrix?.recovery ?? [])], ["up down"]);
    assert.ok(lines(text).includes("m.yaml:4: warning: up down already has a row; the first one is used"));
  });

  const errors: readonly (readonly [string, string, string])[] = [
    ["is no YAML", "sequence: [manage\nmatrix: [", "m.yaml:2: error: this is not valid YAML"],
    ["is empty", "", "m.yaml:1: error: the file must be a mapping with sequence and matrix, not null"],
    ["is a list", "- health: [up]\n", "m.yaml:1: error: the file must be a mapping"],
    ["has no sequence", "matrix:\n- {health: [up], action: []}\n", "m.yaml:1: error: sequence must be a list"],
    [
      "has an unknown network",
      "matrix:\n- {health: [up], action: []}\nsequence:\n- mangae\n",
      'm.yaml:4: error: "mangae" is not one of',
    ],
    [
      "has a network twice",
      "sequence: [manage, manage]\nmatrix: [{health: [up, up], action: []}]\n",
      "m.yaml:1: error: manage is in the sequence twice",
    ],
    ["has no matrix", "sequence: [manage]\n", "m.yaml:1: error: matrix must be a list"],
    [
      "has a row that is a word",
      rows("up"),
      'm.yaml:3: error: a row must be a mapping with health and action, not "up"',
    ],
    [
      "has too short a row",
      rows("{health: [up], action: []}"),
      "m.yaml:3: error: health must have one value for each of manage, storage, not a list of 1",
    ],
    ["has a boolean", rows("{health: [up, off], action: []}"), "m.yaml:3: error: health must be up or down, not false"],
    ["has no action", rows("{health: [up, down]}"), "m.yaml:3: error: action must be [] or [recovery], not nothing"],
    [
      "is an alias bomb",
      `a: &a [x]\n${["b", "c", "d"].map((key, index) => `${key}: &${key} [${`*${"abc"[index]},`.repeat(60)}]\n`).join("")}`,
      "m.yaml:1: error: the file cannot be read",
    ],
  ];
  for (const [what, text, expected] of errors) {
    it(`is refused at its line when it ${what}`, () => {
      assert.equal(parseMatrix("m.yaml", text, NETWORKS).matrix, undefined);
      assert.ok(
        lines(text).some((line) => line.startsWith(expected)),
        lines(text).join("\n"),
      );
    });
  }

  it("is refused when it needs an agent that is not configured, and warns of one that it does not ask", () => {
    assert.deepEqual(lines(rows(...COMPLETE, "{health: [up, up], action: []}"), ["storage", "tenant"]), [
      "m.yaml:1: error: manage is in the sequence, but [consul] agent_manage is not set",
      "m.yaml:1: warning: [consul] agent_tenant is set, but not in the sequence: it is not asked",
    ]);
  });

  it("warns of what has no effect", () => {
    const text = `${rows("{health: [up, up], action: [recovery]}", "{health: [down, down], action: [evacuate]}")}matrx: []\n`;
    assert.deepEqual(lines(text, ["manage", "storage"]), [
      'm.yaml:5: warning: "matrx" is neither sequence nor matrix; ignored',
      "m.yaml:3: warning: a host that is up on all networks is online; recovery is ignored here",
      'm.yaml:4: warning: "evacuate" is not an action; the only one is recovery',
      "m.yaml:3: warning: no row has the action recovery: no host is ever reported down",
      "m.yaml:3: info: these combinations have no row, and so no action: up down; down up",
    ]);
  });

  it("is refused when it does not exist: upstream's default could evacuate what it is to spare", () => {
    const { matrix, diagnostics } = readMatrixFile("/nowhere/matrix.yaml", NETWORKS);
    assert.equal(matrix, undefined);
    assert.deepEqual(diagnostics.map(describeDiagnostic), [
      "/nowhere/matrix.yaml: error: [consul] matrix_config_file does not exist",
    ]);
  });
});
