import { About, isNamed } from "../recording/about.ts";
import type { StoryEvent } from "../recording/story.ts";
import { isEventful, linesOf } from "../recording/story-lines.ts";

/** A notification that only one of two monitors made, or both at other times. */
export interface Question {
  /** Of the process, the guest or the host. */
  readonly subject: string;
  /** Of Masakari's notification: which monitors could have made it. */
  readonly type: string;
  /** When it was observed, ms since the epoch. */
  readonly at: number;
}

/** What a recording has about it. */
export interface Recorded {
  /** Whether a monitor that could have made it ran; undefined: nothing was recorded after that time, or nothing before. */
  readonly ran: boolean | undefined;
  /** The last record before it of such a monitor, ms since the epoch. */
  readonly lastBefore: number | undefined;
  /** Whether something was observed or decided about the subject. */
  readonly isKnown: boolean;
  /** What that was, in order. */
  readonly lines: readonly string[];
}

/** Python's monitors notify up to three minutes later than this one. ms */
const [BEFORE_MS, AFTER_MS] = [240_000, 60_000];
/** The last ones count: what was decided follows what was observed. */
const MOST_EVENTS = 8;
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  PROCESS: ["processmonitor"],
  VM: ["instancemonitor", "introspectiveinstancemonitor"],
  COMPUTE_HOST: ["hostmonitor"],
};

interface Asked {
  readonly question: Question;
  readonly names: Set<string>;
  events: StoryEvent[];
  /** By monitor that could have made it. */
  readonly around: Map<string, Around>;
}

interface Around {
  /** The last record before, ms since the epoch. */
  before: number | undefined;
  /** What comes first after it; `start`: the program was started again. */
  after: "start" | "other" | undefined;
}

/** Reads what recordings have about each question, in one pass. @param events of each program in their order */
export function recordedAbout(questions: readonly Question[], events: Iterable<StoryEvent>): readonly Recorded[] {
  const all = questions.map(
    (question): Asked => ({
      ...{ question, names: new Set([question.subject]), events: [], around: new Map() },
    }),
  );
  for (const event of events) for (const asked of all) take(asked, event);
  return all.map(({ events: found, around }) => ({
    ran: ranThen([...around.values()]),
    lastBefore: [...around.values()].flatMap(({ before }) => before ?? []).sort((one, other) => other - one)[0],
    isKnown: found.some(({ kind }) => kind !== "started" && kind !== "lost"),
    lines: found.flatMap((event) => linesOf(event)),
  }));
}

function take(asked: Asked, event: StoryEvent): void {
  const { question, names } = asked;
  if (!(PROGRAMS[question.type] ?? []).includes(event.program)) return;
  const { wall } = event.at;
  const around = asked.around.get(event.program) ?? { before: undefined, after: undefined };
  asked.around.set(event.program, around);
  if (wall <= question.at) around.before = wall;
  else around.after ??= event.kind === "started" && event.after === "start" ? "start" : "other";
  if (event.kind === "decided") {
    for (const [key, name] of event.phases) if (isNamed(names, key, name)) names.add(key).add(name);
  }
  if (wall < question.at - BEFORE_MS || wall > question.at + AFTER_MS) return;
  const about = new About(names).of(event);
  if (about !== undefined && isEventful(about)) asked.events = [...asked.events, about].slice(-MOST_EVENTS);
}

function ranThen(monitors: readonly Around[]): boolean | undefined {
  const known = monitors.filter(({ before, after }) => before !== undefined && after !== undefined);
  return known.length === 0 ? undefined : known.some(({ after }) => after === "other");
}
