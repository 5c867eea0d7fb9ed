import { registrationOf } from "../../../notify/registration.ts";
import { SegmentHosts } from "../../../openstack/segment-hosts.ts";
import { messageOf } from "../../../system/message-of.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import type { Subject } from "../subject.ts";
import { API_LIMIT, CLUSTER_LIMIT } from "./limits.ts";

/** Whether Masakari would act on a notification about this host, and about each host that the host monitor watches. */
export const registration: Check = {
  name: "registration",
  limitMs: (subject) => API_LIMIT(subject) + CLUSTER_LIMIT(),
  async run(subject, signal) {
    const names = await namesSent(subject);
    let redact = (text: string): string => text;
    try {
      const { client, session } = await subject.api();
      redact = (text) => session.redact(text);
      const reader = new SegmentHosts({ client: () => client, clock: subject.clock });
      const isEnough = (found: ReadonlyMap<string, unknown>): boolean => names.every((name) => found.has(name));
      const hosts = await reader.readAll(signal, { isUrgent: true, isEnough });
      return names.flatMap((name) => findingsFor(name, hosts));
    } catch (error) {
      return [
        {
          level: "problem",
          what: `the segments cannot be read: ${redact(messageOf(error))}`,
          why: "it is not known whether Masakari would accept notifications about this host",
          fix: "if Masakari API is a problem, begin with that; else the user of [api] needs a role that may list segments and hosts",
        },
      ];
    }
  },
};

/** What Masakari gets as the host's name: this one's own, and for the host monitor those of the watched ones. */
async function namesSent(subject: Subject): Promise<readonly string[]> {
  const { monitors, loaded, cluster } = subject;
  const names = monitors.some((name) => name !== "hostmonitor") ? [loaded.config.DEFAULT.hostname] : [];
  if (!monitors.includes("hostmonitor")) return names;
  // A cluster that cannot be looked at is a finding of its own.
  const watched = await cluster.view().then(
    ({ hosts }) => hosts.map(({ masakariName }) => masakariName),
    () => [],
  );
  return [...new Set([...names, ...watched])];
}

function findingsFor(name: string, hosts: Parameters<typeof registrationOf>[1]): readonly Finding[] {
  const defects = registrationOf(name, hosts).flatMap(({ kind, defect }): readonly Finding[] =>
    defect === undefined ? [] : [{ level: "problem", what: defect.what, why: kind.consequence, fix: defect.fix }],
  );
  if (defects.length > 0) return defects;
  return [ok(`${name} is in segment ${hosts.get(name)?.segment.name}, which is enabled, and not on maintenance`)];
}
