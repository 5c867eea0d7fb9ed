import type { Loaded } from "../../config/load.ts";
import { userAgent } from "../../http/user-agent.ts";
import { createSession } from "../../openstack/create-session.ts";
import { MasakariClient } from "../../openstack/masakari.ts";
import type { Session } from "../../openstack/session.ts";
import type { Clock } from "../../system/clock.ts";
import type { Logger } from "../../system/log.ts";
import { systemClock } from "../../system/system-clock.ts";
import { packageVersion } from "../version.ts";
import { Cluster } from "./cluster.ts";

/** The way to Masakari, which several checks share. */
export interface Api {
  readonly session: Session;
  readonly client: MasakariClient;
}

/** What is examined: a host with its configuration, for some of the monitors. */
export interface Subject {
  readonly loaded: Loaded;
  /** Own names, e.g. `processmonitor`. */
  readonly monitors: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** @throws AuthOptionsError if `[api]` does not make a login */
  api(): Promise<Api>;
  /** As the host monitor's driver sees it; looked at once. */
  readonly cluster: Cluster;
  /** Ends the connections that were opened. */
  close(): Promise<void>;
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
  critical: () => undefined,
  named: () => silent,
};

/** @param monitors their own names */
export function subjectOf(loaded: Loaded, monitors: readonly string[]): Subject {
  let api: Promise<Api> | undefined;
  const parts = { clock: systemClock, log: silent };
  return {
    ...parts,
    loaded,
    monitors,
    api() {
      api ??= openApi(loaded, parts);
      return api;
    },
    cluster: new Cluster(loaded.config, parts),
    async close() {
      (await api?.catch(() => undefined))?.session.close();
    },
  };
}

/** @throws AuthOptionsError */
export async function openApi({ config }: Loaded, parts: Pick<Subject, "clock" | "log">): Promise<Api> {
  const session = await createSession(config.api, {
    ...parts,
    userAgent: userAgent("masakari-monitors", packageVersion()),
  });
  return { session, client: new MasakariClient(session) };
}
