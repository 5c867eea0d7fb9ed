import { ofEach } from "../monitor/kept.ts";
import { decide } from "./decide.ts";
import type { IntrospectiveState } from "./state.ts";
import { subjectOf } from "./subjects.ts";

/** The pure part of the monitor: with it a recording is replayed. */
export const decisions = {
  decide,
  subjects: ofEach((state: IntrospectiveState) => state.guests, subjectOf),
};
