import { createSession } from "../../src/openstack/create-session.ts";
import type { ServiceResponse, Session } from "../../src/openstack/session.ts";
import type { FakeCloud } from "./fake-cloud.ts";
import { KeptLog } from "./kept-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A session with the API of a fake cloud. */
export async function sessionOn(cloud: FakeCloud, clock = new VirtualClock(), log = new KeptLog()): Promise<Session> {
  return await createSession(cloud.options(), { userAgent: "test", clock, log, environment: {} });
}

/** One request that needs a token and the endpoint. */
export async function ask(session: Session): Promise<ServiceResponse> {
  return await session.request({ method: "GET", path: "/segments", headers: {} }, new AbortController().signal);
}
