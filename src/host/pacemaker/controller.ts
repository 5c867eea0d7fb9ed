import type { Clock } from "../../system/clock.ts";
import { rest } from "../look-timer.ts";
import type { Tools } from "./tools.ts";

/** The state of this host's pacemaker-controld by crmadmin, or why it is not known. */
export type Controller =
  | { readonly kind: "settled" }
  | {
      readonly kind: "unsettled";
      readonly reason: string;
      /** It is in a state that may last for a moment only, such as an election. */
      readonly mayPass: boolean;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Membership is settled in these. Upstream takes only the first two, and so reports nothing for as long as the designated
 * controller plans or carries out actions, also while it waits for fencing.
 */
const SETTLED: ReadonlySet<string> = new Set(["S_IDLE", "S_NOT_DC", "S_POLICY_ENGINE", "S_TRANSITION_ENGINE"]);
/** `Controller on node1 in state S_IDLE: ok`; before 2.1 `Status of crmd@node1: S_IDLE (ok)`. */
const ANSWER = /^(?:Controller on \S+ in state|Status of \S+@\S+:) (S_[A-Z_]+)(?:: ok| \(ok\))$/m;
/** s, of crmadmin itself: without it, it spins for ever if no controller answers (2.1.5). */
const ASK_S = 4;
/** By which crmadmin must have ended. */
const LIMIT_MS = 6000;
const OUTPUT_LIMIT = 64 * 1024;
/** For so long, ms, a look waits for a controller that was settled at the look before, after all else is known. */
const PATIENCE_MS = 50;
/** The designated controller answers up to a second late while it plans, as it does after each loss. Beyond it, it may hang, ms. */
const LATE_MS = 2000;

export interface ControllersParts {
  readonly clock: Clock;
  readonly tools: Tools;
  /** A controller that counted as settled, because it had not answered yet, is not. */
  readonly onLate?: (() => void) | undefined;
}

export interface Question {
  /** As the cluster calls this host. */
  readonly node: string;
  /** When it was asked, mono ms. */
  readonly at: number;
  readonly answer: Promise<Controller>;
  /** The answer to the question before. */
  readonly before: Controller | undefined;
}

/** Asks this host's controller how it is: one question at a time. */
export class Controllers {
  readonly #parts: ControllersParts;
  #underWay: Question | undefined;
  #latest: Controller | undefined;

  constructor(parts: ControllersParts) {
    this.#parts = parts;
  }

  /** Begins to ask; a question that is under way is not asked again. @param node as the cluster calls this host, a member */
  ask(node: string, signal: AbortSignal): Question {
    if (this.#underWay?.node === node) return this.#underWay;
    const { clock, tools } = this.#parts;
    const answer = controllerOf(tools, node, signal);
    const question: Question = { node, at: clock.now().mono, answer, before: this.#latest };
    this.#underWay = question;
    void answer.then((controller) => {
      if (this.#underWay === question) this.#underWay = undefined;
      this.#latest = controller;
    });
    return question;
  }

  /**
   * The state now, which was asked for when the look began.
   * @param isChecked something else shows who is a member: then a controller that was settled at the question before, and has not answered this one yet,
   * counts as settled
   */
  async now(question: Question, isChecked: boolean, signal: AbortSignal): Promise<Controller> {
    const { node, before, answer } = question;
    if (isChecked && before?.kind === "settled" && (await this.#isLate(question, signal))) return before;
    const controller = await answer;
    const mayHavePassed = controller.kind === "unsettled" && controller.mayPass;
    return mayHavePassed ? await this.ask(node, signal).answer : controller;
  }

  /** Whether a look is not to wait for it any longer. */
  async #isLate({ answer, at }: Question, signal: AbortSignal): Promise<boolean> {
    const { clock, onLate } = this.#parts;
    const enough = new AbortController();
    const waited = rest(clock, PATIENCE_MS, AbortSignal.any([signal, enough.signal])).then(() => undefined);
    const first = await Promise.race([answer, waited]);
    enough.abort();
    if (first !== undefined || clock.now().mono - at > LATE_MS) return false;
    void answer.then(({ kind }) => kind === "unsettled" && onLate?.());
    return true;
  }
}

async function controllerOf(tools: Tools, node: string, signal: AbortSignal): Promise<Controller> {
  const words = ["crmadmin", "-t", String(ASK_S), "-S", node] as const;
  const result = await tools.run(words, { timeoutMs: LIMIT_MS, outputLimit: OUTPUT_LIMIT, often: true }, signal);
  if (result.kind === "denied" || result.kind === "missing") return { kind: "unknown", reason: result.reason };
  if (result.kind !== "output") return { kind: "unsettled", reason: result.reason, mayPass: false };
  const state = ANSWER.exec(result.text)?.[1];
  if (state === undefined) {
    return { kind: "unsettled", reason: "the output of crmadmin is not understood", mayPass: false };
  }
  return SETTLED.has(state)
    ? { kind: "settled" }
    : { kind: "unsettled", reason: `its controller is in state ${state}`, mayPass: true };
}
