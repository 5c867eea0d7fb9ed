import { relative } from "node:path";
import fc from "fast-check";

/**
 * Every test that draws at random takes these two from the environment: SEED, with which it begins, and SCHEDULES, how many it plays. A
 * failure names both. Without them a simulation plays its usual number of schedules from 1 on, the same ones each time; a test whose
 * outcome depends on real time too, and a property, draw a seed; but not with CI=true, where a change must not be refused for a fault that
 * it has nothing to do with.
 */
const { SEED, SCHEDULES, CI } = process.env;

const LAST_LINES = 150;

/** A seed for a test that is not the same each time anyway. */
export const drawnSeed: number = SEED === undefined ? seedOfThisRun() : wholeNumber("SEED", SEED);

/** How many schedules a test plays that usually plays so many. */
export function schedulesOr(usual: number): number {
  return SCHEDULES === undefined ? usual : wholeNumber("SCHEDULES", SCHEDULES);
}

/** How to see it again. */
export function againWith(seed: number, schedules?: number): string {
  const count = schedules === undefined ? "" : ` SCHEDULES=${schedules}`;
  return `SEED=${seed}${count} npm test -- ${relative(process.cwd(), process.argv[1] ?? "")} shows it again`;
}

export interface Schedule {
  /** What has happened so far, for the reader of a failure. */
  readonly history: readonly string[];
  /** @throws if something is not as it should be */
  readonly play: () => Promise<void> | void;
}

/** Plays the schedule of each seed, to the first failure. */
export async function playSchedules(count: number, scheduleOf: (seed: number) => Schedule): Promise<void> {
  const first = SEED === undefined ? 1 : drawnSeed;
  for (let seed = first; seed < first + count; seed++) {
    const { history, play } = scheduleOf(seed);
    try {
      await play();
    } catch (error) {
      const story = history.slice(-LAST_LINES).join("\n");
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}\n${againWith(seed, 1)}. The last of it:\n${story}`, { cause: error });
    }
  }
}

/** As `fc.assert`, with these seeds. */
export function assertProperty<Ts>(property: fc.IProperty<Ts>, parameters: fc.Parameters<Ts> = {}): void {
  fc.assert(property, { ...seededRuns(parameters), reporter: report });
}

/** As `fc.assert` of an asynchronous property, with these seeds. */
export async function assertAsyncProperty<Ts>(
  property: fc.IAsyncProperty<Ts>,
  parameters: fc.Parameters<Ts> = {},
): Promise<void> {
  await fc.assert(property, { ...seededRuns(parameters), reporter: report });
}

function seededRuns<Ts>(parameters: fc.Parameters<Ts>): fc.Parameters<Ts> {
  return { ...parameters, seed: drawnSeed, numRuns: schedulesOr(parameters.numRuns ?? 100) };
}

function report<Ts>(details: fc.RunDetails<Ts>): void {
  if (!details.failed) return;
  const message = fc.defaultReportMessage(details) ?? "the property failed";
  throw new Error(`${againWith(drawnSeed, details.runConfiguration.numRuns)}\n${message}`, {
    cause: details.errorInstance,
  });
}

function seedOfThisRun(): number {
  return CI === "true" ? 1 : Math.floor(Math.random() * 2 ** 31);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name}=${text} is not a whole number`);
  return Number(text);
}
