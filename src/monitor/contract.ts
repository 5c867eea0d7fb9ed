import type { Notification } from "../notify/notification.ts";
import type { Subject } from "../status/subject.ts";
import type { Instant } from "../system/clock.ts";

/** Put a notification into the outbox, in the same transaction as the state that says it was sent. */
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
  /** Which notifications it makes untrue; all if absent. */
  readonly which?: (notification: Notification) => boolean;
}

/** Ask to be observed again (`woke`) after `afterMs`; a pending wake with the same key is replaced. */
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
export interface SayEffect {
  readonly kind: "say";
  readonly level: "debug" | "info" | "warning" | "error";
  readonly text: string;
}

/**
 * What earlier runs left undelivered has been compared with the world, and what is no longer true of it superseded: the rest
 * may be sent. It counts once; a monitor may say it at every look.
 */
export interface CaughtUpEffect {
  readonly kind: "caughtUp";
}

export type CommonEffect = NotifyEffect | SupersedeEffect | WakeEffect | CancelWakeEffect | SayEffect | CaughtUpEffect;

const COMMON: ReadonlySet<string> = new Set<CommonEffect["kind"]>([
  "notify",
  "supersede",
  "wake",
  "cancelWake",
  "caughtUp",
  "say",
]);

/** Whether the loop itself carries the effect out, whatever the monitor. */
export function isCommon(effect: { readonly kind: string }): effect is CommonEffect {
  return COMMON.has(effect.kind);
}

export interface Decision<State, Effect> {
  readonly state: State;
  readonly effects: readonly (CommonEffect | Effect)[];
}

/**
 * One monitor: sense → decide → act. `decide` is pure; the loop keeps the state on disk, in one transaction with the
 * notifications that it made, before any other effect is carried out.
 */
export interface Monitor<State, Observation, Effect extends { readonly kind: string }> {
  /** Upstream's service name, e.g. `processmonitor`: also the key of the saved state. */
  readonly name: string;
  readonly initial: State;
  /**
   * How long what earlier runs left is held back for a `caughtUp` that does not come, ms; it is sent then as it was last
   * known. A minute if absent.
   */
  readonly catchUpWithinMs?: number;
  /** What of the state outlasts this run (all of it if absent): it is written to disk only when this has changed. */
  kept?(state: State): unknown;
  /** The state of an earlier run, as parsed from JSON, or undefined if it cannot be used (the initial state is taken then). */
  restore(saved: unknown): State | undefined;
  decide(state: State, observation: Observation): Decision<State, Effect>;
  /** The observation that a wake is. */
  woke(key: string, at: Instant): Observation;
  /** Senses until the signal aborts; resolves then. A throw is the supervisor's to deal with. */
  sense(observe: (observation: Observation) => void, signal: AbortSignal): Promise<void>;
  /**
   * How long sensing may observe nothing while all is well, ms: beyond it, it is stuck. Undefined while silence means
   * nothing, because what is sensed is away, or tells only of what happens.
   */
  silenceLimitMs?(): number | undefined;
  /** What is watched and how it is, for status and list. Pure. */
  subjects?(state: State): readonly Subject[];
  /** Carries out one effect; what it comes to returns through `observe`. Effects of different subjects run concurrently. */
  act(effect: Effect, observe: (observation: Observation) => void, signal: AbortSignal): Promise<void>;
}
