import type { Notification } from "../notify/notification.ts";
import type { ConditionKind } from "../status/conditions.ts";
import type { Subject } from "../status/subject.ts";
import type { Instant } from "../system/clock.ts";
import type { Keep, OfEach, OnUnreadable, Saved } from "./kept.ts";
import type { Redact } from "./recording/encode.ts";

/** Put a notification into the outbox, in the same transaction as the state that counts it as sent. */
export interface NotifyEffect {
  readonly kind: "notify";
  /** What the notification is about: order is kept, and supersession works, per subject. E.g. `process:nova-compute`. */
  readonly subject: string;
  readonly notification: Notification;
}

/** The opposite was observed: what is still undelivered about the subject is no longer true and must not be sent. */
export interface SupersedeEffect {
  readonly kind: "supersede";
  readonly subject: string;
  readonly reason: string;
  /** Which notifications it makes untrue: those whose payload has all the values of one of these. All if absent. */
  readonly which?: readonly Readonly<Record<string, string>>[];
}

/** Ask to observe `woke` after `afterMs`; a pending wake with the same key is replaced. */
export interface WakeEffect {
  readonly kind: "wake";
  readonly key: string;
  readonly afterMs: number;
}

export interface CancelWakeEffect {
  readonly kind: "cancelWake";
  readonly key: string;
}

/** One line for the operator, decided where the reason is known. */
export interface LogEffect {
  readonly kind: "log";
  readonly level: "debug" | "info" | "warning" | "error";
  readonly text: string;
}

/** Show in `status` from now on what is wrong about a condition of this monitor, or (undefined) that nothing is. */
export interface SetConditionEffect {
  readonly kind: "setCondition";
  readonly condition: ConditionKind;
  readonly problem: string | undefined;
}

/** Counts something for the metrics, once. */
export interface CountEffect {
  readonly kind: "count";
  readonly counter: string;
  /** Few values each, and no UUID. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is counted is how long something took. */
  readonly ms?: number;
}

/**
 * What earlier runs left undelivered has been compared with the world, and what is no longer true of it superseded: the rest
 * may be sent. It counts once; a monitor may repeat it.
 */
export interface CaughtUpEffect {
  readonly kind: "caughtUp";
}

/**
 * Abort the effects of this monitor that are under way with this `cancelKey`. Nothing that they observe is decided after the
 * decision that cancels them, not even what was observed before it and waited.
 */
export interface CancelEffect {
  readonly kind: "cancel";
  readonly key: string;
}

/** The effects that the loop carries out itself, whatever the monitor. All effects are plain data. */
export type CommonEffect =
  | NotifyEffect
  | SupersedeEffect
  | WakeEffect
  | CancelWakeEffect
  | LogEffect
  | SetConditionEffect
  | CountEffect
  | CaughtUpEffect
  | CancelEffect;

const COMMON: ReadonlySet<string> = new Set<CommonEffect["kind"]>([
  "notify",
  "supersede",
  "wake",
  "cancelWake",
  "log",
  "setCondition",
  "count",
  "caughtUp",
  "cancel",
]);

/** Whether the loop itself carries the effect out, whatever the monitor. */
export function isCommon(effect: { readonly kind: string }): effect is CommonEffect {
  return COMMON.has(effect.kind);
}

/** An effect of one monitor's own. */
export interface OwnEffect {
  readonly kind: string;
  /** What the effect `cancel` names to end it; effects that end together have the same. */
  readonly cancelKey?: string;
}

/** What one observation leads to. */
export interface Decision<State, Effect> {
  readonly state: State;
  readonly effects: readonly (CommonEffect | Effect)[];
}

/** Hands an observation to the loop. That of a sensing run, and of its effects, does nothing once the run has ended. */
export type Observe<Observation> = (observation: Observation) => void;

/**
 * One monitor: sense → decide → act. `decide` is pure; the loop keeps the state on disk, in one transaction with the
 * notifications that it made, before any other effect is carried out.
 */
export interface Monitor<State, Observation, Effect extends OwnEffect> {
  /** Upstream's service name, e.g. `processmonitor`: also the key of the saved state. */
  readonly name: string;
  readonly initial: State;
  /**
   * How long what earlier runs left is held back for a `caughtUp` that does not come, ms; it is sent then as it was last
   * known. A minute if absent.
   */
  readonly catchUpWithinMs?: number;
  /** What of the state outlasts this program: all of it if absent. */
  readonly kept?: Keep<State>;
  /**
   * The state of an earlier run, or undefined if it cannot be used (the initial state is taken then). A row that is not of the
   * expected shape is left out and reported, the others are kept.
   */
  restore(saved: Saved, onUnreadable: OnUnreadable): State | undefined;
  decide(state: State, observation: Observation): Decision<State, Effect>;
  /** The observation that a wake is; `{ kind: "woke", at, key }` if absent. */
  woke?(key: string, at: Instant): Observation;
  /** Senses until the signal aborts; resolves then. A throw is the supervisor's to deal with: it starts another run. */
  sense(observe: Observe<Observation>, signal: AbortSignal): Promise<void>;
  /**
   * How long sensing may observe nothing while all is well, ms: beyond it, it is stuck. Undefined while silence means
   * nothing, because what is sensed is away, or only reports what happens.
   */
  silenceLimitMs?(): number | undefined;
  /** What is watched and how it is, for status and list. Pure. */
  readonly subjects?: OfEach<State, Subject | undefined>;
  /** What is recorded in place of a text of an observation, effect or state that may contain a secret. Pure; idempotent. */
  readonly redact?: Redact;
  /**
   * The kinds of effects that go on when sensing ends and is started again, and whose results are decided all the same, since
   * something in the world depends on them: a restart command, for instance. They are also carried out while no sensing runs.
   * All others belong to the sensing run in which they were decided: when it ends, their signal aborts and what they
   * observe is ignored. So after a `started`, no monitor has to sort out results of an earlier run.
   */
  readonly outlastSensing?: readonly Effect["kind"][];
  /**
   * Carries out one effect; its result returns through `observe`. Effects run concurrently. The signal aborts when the program
   * stops, when the effect is cancelled and, unless its kind outlasts sensing, when the sensing run ends.
   */
  act(effect: Effect, observe: Observe<Observation>, signal: AbortSignal): Promise<void>;
}
