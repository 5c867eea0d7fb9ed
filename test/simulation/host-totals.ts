import { countOf } from "../../src/system/plural.ts";
import { Durations, decisionText } from "./host-durations.ts";
import type { HostWorld } from "./host-world.ts";

const NO_COUNTS = {
  reported: 0,
  falseReports: 0,
  owed: 0,
  held: 0,
  missed: 0,
  unknown: 0,
  returnedDeaths: 0,
  returnedReported: 0,
};

/** What many schedules come to. */
export class ScheduleTotals {
  readonly #counts = { ...NO_COUNTS };
  readonly #decisions = { looks: new Durations(), others: new Durations() };
  readonly #violated: number[] = [];
  #schedules = 0;
  #hosts = 0;
  #posts = 0;

  add(seed: number, { invariants, hosts, masakari, decisions }: HostWorld): void {
    this.#schedules += 1;
    this.#hosts += hosts.length;
    this.#posts += masakari.requests.posts;
    if (invariants.violations.length > 0) this.#violated.push(seed);
    for (const name of Object.keys(NO_COUNTS) as (keyof typeof NO_COUNTS)[])
      this.#counts[name] += invariants.counts[name];
    this.#decisions.looks.addAll(decisions.looks);
    this.#decisions.others.addAll(decisions.others);
  }

  get isClean(): boolean {
    return this.#violated.length === 0;
  }

  get text(): string {
    const { reported, falseReports, owed, held, missed, unknown, returnedDeaths, returnedReported } = this.#counts;
    const due = owed - held;
    return `${countOf(this.#schedules, "schedule")}, ${countOf(this.#hosts, "host")}
precision: ${percent(reported - falseReports, reported)}: ${reported} failures were reported (STOPPED, NORMAL), ${falseReports} of hosts that were alive
recall:    ${percent(due - missed, due)}: ${due} hosts were dead in the end, ${missed} of them not reported
           ${held} more were held for a reason that every monitor shows (planned work, down at first sight)
           ${returnedDeaths} hosts were dead and came back, of which ${returnedReported} were reported before or after
           ${unknown} reports were UNKNOWN, which masakari-engine ignores; ${this.#posts} POST requests in all
${decisionText(this.#decisions)}
invariants: ${this.isClean ? "none violated" : `VIOLATED by ${this.#violated.length} seeds: ${this.#violated.slice(0, 20).join(", ")}`}`;
  }
}

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(2)} %`);
