import type { RawResponse } from "../support/raw-request.ts";
import type { ApiCall } from "./random-calls.ts";

interface Difference {
  readonly why: string;
  readonly applies: (call: ApiCall, theirs: RawResponse, ours: RawResponse) => boolean;
}

/** Where the embedded masakari-api returns something else than masakari 14.0.2, on purpose. */
const differences: readonly Difference[] = [
  {
    why: "14.0.2 fails on what it cannot store; here it is refused",
    applies: (_, theirs, ours) => theirs.status === 500 && ours.status >= 400,
  },
  {
    why: "Python takes NaN for JSON; here it is malformed, as RFC 8259 has it",
    applies: ({ body }, theirs, ours) => /[:[]\s*NaN|^NaN/.test(body.toString()) && theirs.status === ours.status,
  },
  {
    why: "the pattern of a description, thousands of characters, is not quoted",
    applies: (_, theirs, ours) =>
      [theirs, ours].every(({ status, body }) => status === 400 && body.includes("does not match '^[")) &&
      theirs.body.split("does not match")[0] === ours.body.split("does not match")[0],
  },
];

/** Why two responses to a call may differ; undefined: they must not. */
export function whyDifferent(call: ApiCall, theirs: RawResponse, ours: RawResponse): string | undefined {
  return differences.find(({ applies }) => applies(call, theirs, ours))?.why;
}
