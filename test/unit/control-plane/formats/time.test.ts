import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTime, formatWholeSecond, parseIsoTime } from "../../../../src/control-plane/formats/time.ts";

/** What masakari 14.0.2 made of each, asked on 2026-11-23. */
const accepted: [sent: string, stored: string][] = [
  ["2026-11-22T11:43:39.839964", "2026-11-22T11:43:39.839964"],
  ["2026-11-22T11:43:39", "2026-11-22T11:43:39.000000"],
  ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000000"],
  ["2031-01-01T00:00:00+09:00", "2030-12-31T15:00:00.000000"],
  ["2026-11-23T15:00:00-0100", "2026-11-23T16:00:00.000000"],
  ["2026-11-23T15:00:00+01", "2026-11-23T14:00:00.000000"],
  ["2032-01-01 00:00:00.123456", "2032-01-01T00:00:00.123456"],
  ["2026-11-23T15:00:00.1234567Z", "2026-11-23T15:00:00.123456"],
  ["2026-11-23T15:00:00,5", "2026-11-23T15:00:00.500000"],
  ["20410101T000000Z", "2041-01-01T00:00:00.000000"],
  ["2033-01-01", "2033-01-01T00:00:00.000000"],
  ["2026-1-2", "2026-01-02T00:00:00.000000"],
  ["2026-11", "2026-11-01T00:00:00.000000"],
  ["2026", "2026-01-01T00:00:00.000000"],
  ["2026-11-23T15", "2026-11-23T15:00:00.000000"],
  ["2024-02-29", "2024-02-29T00:00:00.000000"],
];

for (const [sent, stored] of accepted) {
  test(`${sent} is ${stored}`, () => {
    const time = parseIsoTime(sent);
    assert.ok(time);
    assert.equal(formatTime(time), stored);
  });
}

const refused = [
  "yesterday",
  "",
  " 2026-11-23",
  "202611",
  "2026-02-30",
  "2026-13-01",
  "2026-11-23T24:00:00",
  "2026-11-23T15:00:60",
  "2026-11-23t15:00:00",
  "2026-11-23T15:00:00+24:00",
  "0000-01-01",
  "9999-12-31T23:59:59-01:00",
];
for (const text of refused) test(`"${text}" is no time`, () => assert.equal(parseIsoTime(text), undefined));

test("a stored time has its fraction cut off, not rounded", () => {
  assert.equal(formatWholeSecond(Date.UTC(2026, 10, 22, 12, 0, 0, 999)), "2026-11-22T12:00:00.000000");
});
