import { loadLibc } from "../../../system/libc.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";

/** adjtimex(2): the return value of a clock that nothing synchronises, and where the estimate of its error stands in struct timex (64 bits). */
const TIME_ERROR = 5;
const TIMEX_BYTES = 256;
const MAX_ERROR_OFFSET = 24;

/** What the kernel knows of its clock. */
export interface KernelTime {
  readonly isSynchronised: boolean;
  /** The largest error that is possible, s. */
  readonly maxErrorS: number;
}

/** @returns undefined where the kernel may not be asked, as in some containers */
function readKernelTime(): KernelTime | undefined {
  try {
    const buffer = Buffer.alloc(TIMEX_BYTES);
    const state = Number(loadLibc().func("int adjtimex(void *buf)")(buffer));
    if (state < 0) return undefined;
    return { isSynchronised: state !== TIME_ERROR, maxErrorS: Number(buffer.readBigInt64LE(MAX_ERROR_OFFSET)) / 1e6 };
  } catch {
    return undefined;
  }
}

export const timeSync: Check = {
  name: "time",
  run: async () => [judgeTime(readKernelTime())],
};

export function judgeTime(time: KernelTime | undefined): Finding {
  const why =
    "Masakari may take a notification for a repeat or for one that is out of date when this host's clock goes wrong";
  if (time === undefined) {
    const what = "the kernel does not report whether the clock is synchronised";
    return { level: "warning", what, why, fix: "on the host itself: chronyc tracking, or timedatectl" };
  }
  if (time.isSynchronised) return ok(`the clock is synchronised, its error at most ${time.maxErrorS.toFixed(3)} s`);
  const fix =
    "apt install chrony, or start what sets the clock: systemctl enable --now chrony; chronyc tracking shows it";
  return { level: "warning", what: "nothing synchronises this host's clock (adjtimex)", why, fix };
}
