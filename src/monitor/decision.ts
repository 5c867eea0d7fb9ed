import { generatedTime, type Notification } from "../notify/notification.ts";
import type { ConditionKind } from "../status/conditions.ts";
import type { Instant } from "../system/clock.ts";
import type { CommonEffect, Decision, LogEffect, OwnEffect, SupersedeEffect } from "./contract.ts";

/** The settings that every monitor has. */
export interface CommonSettings {
  /** `[DEFAULT] hostname`: this host, as Masakari knows it. */
  readonly hostname: string;
  /** `[notifications] shadow`: what is notified is recorded and not sent. */
  readonly shadow?: boolean;
}

/** The part of its state that every monitor has. */
export interface CommonState<Settings> {
  /** The boot of this host that the rest of the state is of; empty if not known. */
  readonly bootId: string;
  /** Undefined until the first `started` of this program. */
  readonly settings: Settings | undefined;
  /** Run numbers given out by this program. */
  readonly runs: number;
}

export const initialCommonState: CommonState<never> = { bootId: "", settings: undefined, runs: 0 };

/** Sensing begins: at the start of the program, and again after it has failed. */
export interface Started<Settings> {
  readonly kind: "started";
  readonly at: Instant;
  /** From `readBootId()`. */
  readonly bootId: string;
  readonly settings: Settings;
}

export interface SettingsChanged<Settings> {
  readonly kind: "settingsChanged";
  readonly at: Instant;
  readonly settings: Settings;
}

export interface Woke {
  readonly kind: "woke";
  readonly at: Instant;
  readonly key: string;
}

/** The observations that every monitor has. `mono` of their time is for durations, `wall` for what leaves the host. */
export type CommonObservation<Settings> = Started<Settings> | SettingsChanged<Settings> | Woke;

/** One call of `decide` under way: what it knows, and the effects so far, in order. */
export class DecisionContext<Settings extends CommonSettings, Effect extends OwnEffect> {
  /** When it was observed. */
  readonly at: Instant;
  readonly settings: Settings;
  readonly effects: (CommonEffect | Effect)[] = [];
  #runs: number;

  /** @param runs how many run numbers were given out before */
  constructor(at: Instant, settings: Settings, runs = 0) {
    this.at = at;
    this.settings = settings;
    this.#runs = runs;
  }

  get runs(): number {
    return this.#runs;
  }

  /** A number that nothing in this program has had yet: by it the end of an effect is known from that of a forgotten one. */
  nextRun(): number {
    this.#runs += 1;
    return this.#runs;
  }

  /** Has an effect of the monitor's own carried out. */
  act(effect: Effect): void {
    this.effects.push(effect);
  }

  log(level: LogEffect["level"], text: string): void {
    this.effects.push({ kind: "log", level, text });
  }

  /** `[notifications] shadow` is set. */
  get isShadow(): boolean {
    return this.settings.shadow === true;
  }

  /** For the log: what is done about a failure. */
  get notifying(): string {
    return this.isShadow ? "Masakari is not notified, because [notifications] shadow is set" : "notifying Masakari";
  }

  /** Notifies Masakari about the subject. Without a hostname it is about this host, without a time it is of this moment. */
  notify(
    subject: string,
    notification: Pick<Notification, "type" | "payload"> & Partial<Pick<Notification, "hostname" | "generated_time">>,
  ): void {
    const { type, payload, hostname = this.settings.hostname } = notification;
    const generated_time = notification.generated_time ?? generatedTime(this.at.wall);
    this.effects.push({ kind: "notify", subject, notification: { type, hostname, generated_time, payload } });
  }

  /** What is undelivered about the subject is no longer true. @param which only what has one of these payloads, in part */
  supersede(subject: string, reason: string, which?: SupersedeEffect["which"]): void {
    this.effects.push({ kind: "supersede", subject, reason, ...(which && { which }) });
  }

  /** Observes `woke` with this key after so many ms; a pending one of the same key is replaced. */
  wake(key: string, afterMs: number): void {
    this.effects.push({ kind: "wake", key, afterMs: Math.max(0, afterMs) });
  }

  cancelWake(key: string): void {
    this.effects.push({ kind: "cancelWake", key });
  }

  /** Ends effects under way by their `cancelKey`. */
  cancel(key: string): void {
    this.effects.push({ kind: "cancel", key });
  }

  setCondition(condition: ConditionKind, problem: string | undefined): void {
    this.effects.push({ kind: "setCondition", condition, problem });
  }

  /** @param ms if what is counted is how long something took */
  count(counter: string, labels: Readonly<Record<string, string>> = {}, ms?: number): void {
    this.effects.push({ kind: "count", counter, labels, ...(ms !== undefined && { ms }) });
  }

  caughtUp(): void {
    this.effects.push({ kind: "caughtUp" });
  }
}

type Of<Observation, Kind extends string> = Extract<Observation, { readonly kind: Kind }>;
type Other<Observation> = Exclude<Observation, { readonly kind: "started" | "settingsChanged" }>;

/** What a monitor decides, beside what all have in common. Each returns the very same state if nothing has changed. */
export interface Decisions<State, Observation, Effect extends OwnEffect, Settings extends CommonSettings> {
  /** The state is of an earlier boot of this host: forget, and supersede, what was only true in that. `started` follows. */
  rebooted(state: State, context: DecisionContext<Settings, Effect>): State;
  /**
   * Sensing begins. `state.settings` is undefined at the start of the program; else sensing was started again: only effects
   * that outlast sensing are still under way then.
   */
  started(state: State, observation: Of<Observation, "started">, context: DecisionContext<Settings, Effect>): State;
  /** `context.settings` are new. */
  settingsChanged?(state: State, context: DecisionContext<Settings, Effect>): State;
  /** Everything else. Never before the first `started`. */
  observed(state: State, observation: Other<Observation>, context: DecisionContext<Settings, Effect>): State;
  /** After each observation. @param before the state before it */
  afterEach?(state: State, before: State, observation: Observation, context: DecisionContext<Settings, Effect>): State;
}

/** The `decide` of a monitor. Returns the very same state if nothing has changed. */
export function decideBy<
  State extends CommonState<Settings>,
  Observation extends { readonly kind: string; readonly at: Instant },
  Effect extends OwnEffect,
  Settings extends CommonSettings,
>(
  decisions: Decisions<State, Observation, Effect, Settings>,
): (state: State, observation: Observation | CommonObservation<Settings>) => Decision<State, Effect> {
  return (state, observation) => {
    const isStart = observation.kind === "started";
    const settings = isSettings(observation) ? observation.settings : state.settings;
    // Nothing has a meaning before the first `started`.
    if (settings === undefined || (state.settings === undefined && !isStart)) return { state, effects: [] };
    const context = new DecisionContext<Settings, Effect>(observation.at, settings, state.runs);
    let next = state;
    if (isStart) {
      const { bootId } = observation as Started<Settings>;
      const known = isSameBoot(state, bootId) ? state : decisions.rebooted(state, context);
      next = { ...decisions.started(known, observation as Of<Observation, "started">, context), bootId, settings };
    } else if (observation.kind === "settingsChanged") {
      next = { ...(decisions.settingsChanged?.(state, context) ?? state), settings };
    } else {
      next = decisions.observed(state, observation as Other<Observation>, context);
    }
    next = decisions.afterEach?.(next, state, observation as Observation, context) ?? next;
    if (context.runs !== state.runs) next = { ...next, runs: context.runs };
    return { state: next, effects: context.effects };
  };
}

function isSettings<Settings>(
  observation: { readonly kind: string } | CommonObservation<Settings>,
): observation is Started<Settings> | SettingsChanged<Settings> {
  return observation.kind === "started" || observation.kind === "settingsChanged";
}

/** Where a boot cannot be recognised by its id, it is the same if this program has known it before. */
function isSameBoot({ bootId, settings }: CommonState<unknown>, now: string): boolean {
  return bootId === "" || now === "" ? settings !== undefined : bootId === now;
}
