import { ofEach } from "../monitor/kept.ts";
import { decide } from "./decide.ts";
import { redact } from "./redact.ts";
import type { ProcessState } from "./state.ts";
import { subjectOf } from "./subjects.ts";

/** The pure part of the monitor: with it a recording is replayed. */
export const decisions = {
  decide,
  subjects: ofEach((state: ProcessState) => state.entries, subjectOf),
  redact,
};
