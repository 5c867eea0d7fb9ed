import type { Seeded } from "../support/seeded.ts";

/** JSON text of a number that JavaScript would not write like this. */
const literals = ["5.0", "-0.0", "1e5", "1.5", "12345678901234567890", "0", "-1"].map((text) => `@@${text}@@`);

const strings = [
  ...[
    "",
    " ",
    " x",
    "x ",
    "x\n",
    "\n",
    "a\tb",
    "a\u0000b",
    "\u200b",
    "\u00a0x",
    "x\u2028y",
    "\ue000",
    "\u0378",
    "\u00ad",
  ],
  ...[
    "Büro",
    "日本",
    "😀",
    "e\u0301",
    "\u0301",
    "ª",
    "'",
    "\"'",
    "\\",
    "%s %d",
    "None",
    "true",
    "On",
    "t",
    "0",
    "../x",
  ],
  ...[
    "x".repeat(255),
    "x".repeat(256),
    "日".repeat(255),
    "😀".repeat(256),
    "STOPPED",
    "started",
    "a.b-c_d",
    "-",
    "a b",
  ],
];

/** Something that a member of a request may not be, or only just. */
export function oddValue(random: Seeded): unknown {
  const others = [null, true, false, [], {}, [1, "a"], { a: { b: null } }, [[]], ...literals];
  return random.chance(0.6) ? random.pick(strings) : random.pick(others);
}

const times = [
  ...[
    "2026-11-22T12:13:14",
    "2026-11-22 12:13:14",
    "2026-11-22T12:13:14Z",
    "2026-11-22T12:13:14.5+05:30",
    "20261122T121314",
  ],
  ...[
    "2026-11-22T12:13:14.123456789",
    "2026-11-22",
    "2026-11",
    "2026",
    "2026-1-2",
    "2026-11-22T12",
    "2026-11-22T12:13",
  ],
  ...[
    "2026-02-30",
    "2026-13-01",
    "2026-11-22T24:00:00",
    "2026-11-22T12:60:00",
    "2026-11-22t12:13:14",
    "2026-11-22T12:13:14z",
  ],
  ...[
    "2026-11-22T12:13:14,5",
    "2026-11-22T12:13:14-23:59",
    "2026-11-22T12:13:14+24:00",
    "0001-01-01",
    "9999-12-31T23:59:59",
  ],
  ...[
    "2026-11-22T12:13:14\n",
    " 2026-11-22",
    "now",
    "1700000000",
    "2026-11-22T1:2:3",
    "20261122",
    "202611",
    "2026-W47",
  ],
  ...["2026-11-22T12:13:14+0530", "2026-11-22T12:13:14+05", "2026-11-22T121314Z", "2026-11-22T12:13:14.", "١٩٩٩-01-01"],
];

export function time(random: Seeded): string {
  if (random.chance(0.5)) return random.pick(times);
  return `2026-11-${random.between(10, 28)}T12:${random.between(10, 59)}:${random.between(10, 59)}`;
}

/** JSON with the numbers of `oddValue` as they are meant. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"@@([^"@]+)@@"/g, "$1");
}

/** What is no JSON, or JSON as it is seldom written. */
export const oddBodies: readonly (string | Buffer)[] = [
  ...["", "null", "[]", "5", '"x"', "true", "{", "{}", '{"a":}', "{'a': 1}", '{"segment": {}}', '{"notification": {}}'],
  ...['{"host": {}}', '{"segment": null}', '{"host": []}', "NaN", '{"segment": {"name": NaN}}', " \n\t{}\r\n", "{}x"],
  ...[
    '{"segment": {"name": "a", "name": "b"}}',
    "[".repeat(90) + "]".repeat(90),
    '{"a": "\t"}',
    "\ufeff{}",
    '{"a": 01}',
  ],
  Buffer.from([0x22, 0xff, 0x22]),
];
