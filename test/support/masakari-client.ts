import { createSession } from "../../src/openstack/create-session.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import { FakeCloud } from "./fake-cloud.ts";
import type { Handler } from "./http-server.ts";
import { KeptLog } from "./kept-log.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a client does with an API that responds so. @returns its result or error, and the requests that were sent */
export async function useMasakari<T>(api: Handler, action: (client: MasakariClient) => Promise<T>) {
  await using cloud = await FakeCloud.start();
  cloud.servesVersion = false;
  cloud.api = api;
  const context = { userAgent: "test", clock: new VirtualClock(), log: new KeptLog(), environment: {} };
  const session = await createSession(cloud.options(), context);
  try {
    return { result: await action(new MasakariClient(session)).catch((error: unknown) => error), calls: cloud.calls };
  } finally {
    session.close();
  }
}
