import type { Config } from "../config/sections.ts";
import { RegistrationCheck } from "../notify/registration-check.ts";
import { SegmentHosts } from "../openstack/segment-hosts.ts";
import { Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { AssembledMonitor } from "./assemble.ts";
import { notifiesOfItsHost, type Program } from "./program.ts";

export interface RegistrationCheckOfProcess {
  readonly group: { readonly programs: readonly Program[] };
  /** As SIGHUP left it. */
  readonly config: () => Config;
  /** Filled while they are assembled. */
  readonly monitors: readonly Pick<AssembledMonitor, "delivery">[];
  readonly clock: Clock;
  readonly conditions: Conditions;
  readonly log: Logger;
}

/** The check whether Masakari would act on what this process sends; one for all its monitors, by the session of the first. */
export function checkRegistration({ group, config, monitors, clock, conditions, log }: RegistrationCheckOfProcess) {
  const delivery = () => (monitors[0] as (typeof monitors)[number]).delivery;
  const segmentHosts = new SegmentHosts({ client: () => delivery().client, clock });
  const hostConditions = new Conditions(clock);
  const check = new RegistrationCheck({
    hostname: group.programs.some(notifiesOfItsHost) ? config().DEFAULT.hostname : undefined,
    segmentHosts,
    clockOffsetMs: () => delivery().clockOffsetMs,
    intervalMs: () => config().DEFAULT.masakari_check_interval * 1000,
    hostConditions,
    conditions,
    clock,
    log: log.named("masakarimonitors.notify"),
  });
  return { segmentHosts, hostConditions, run: (signal: AbortSignal) => check.run(signal) };
}
