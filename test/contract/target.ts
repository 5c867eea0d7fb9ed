import type { TestContext } from "node:test";
import { type ApiOptions, createSession } from "../../src/openstack/create-session.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import type { Session } from "../../src/openstack/session.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { KeptLog } from "../support/kept-log.ts";

/** A Keystone and a Masakari that the contract is tried on, embedded or real. */
export interface ContractTarget {
  /** An `[api]` section, auth_type password, of a user with the role admin. */
  readonly api: ApiOptions;
  /** The same of a user with no more than the role member. */
  readonly member: ApiOptions;
  /** An application credential of the first user. */
  readonly applicationCredential: { readonly name: string; readonly secret: string };
  /** Masakari's `duplicate_notification_detection_interval`. Seconds. */
  readonly duplicateInterval: number;
  close(): Promise<void>;
}

/** The target as soon as it is up; the tests ask for it when they run. */
export type Target = () => ContractTarget;

/** Ends every call of a test that hangs. */
export const signal = (): AbortSignal => AbortSignal.timeout(120_000);

export const context = (log = new KeptLog()) => ({ userAgent: "contract", clock: systemClock, log, environment: {} });

/** A session that is closed with the test. */
export async function sessionOf(test: TestContext, api: ApiOptions): Promise<Session> {
  const session = await createSession(api, context());
  test.after(() => session.close());
  return session;
}

export async function clientOf(test: TestContext, api: ApiOptions): Promise<MasakariClient> {
  return new MasakariClient(await sessionOf(test, api));
}

let made = 0;

/** A name that no other test or run has used. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${Date.now().toString(36)}-${process.pid}-${made}`;
}
