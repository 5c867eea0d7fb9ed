import { decide } from "./decide.ts";
import { subjects } from "./subjects.ts";

/** The pure part of the monitor: with it a recording is replayed. */
export const decisions = { decide, subjects };
