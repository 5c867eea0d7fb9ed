import { pythonPattern } from "../../../config/python-pattern.ts";
import { surveyGuests } from "../../../introspective/sense.ts";
import { connect } from "../../../libvirt/mod.ts";
import { countOf } from "../../../system/plural.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import { CONNECT_MS } from "./libvirt.ts";

/** So many guests are named. */
const NAMED = 5;
/** A host has a few hundred guests at most, and each is two calls. */
const SURVEY_MS = 60_000;

/** Whether `qemu_guest_agent_sock_path` matches the channels that the guests have. */
export const agentChannels: Check = {
  name: "agent channels",
  monitors: ["introspectiveinstancemonitor"],
  limitMs: () => CONNECT_MS + SURVEY_MS,
  async run({ loaded, clock, log }, signal) {
    const { qemu_guest_agent_sock_path: pattern } = loaded.config.introspectiveinstancemonitor;
    // Without a connection the check of libvirt has the reason.
    const connection = await connect(loaded.config.libvirt.connection_uri, {
      clock,
      log,
      signal,
      timeoutMs: CONNECT_MS,
    }).catch(() => undefined);
    if (connection === undefined) return [];
    try {
      const guests = await surveyGuests(connection, pythonPattern(pattern));
      const unmatched = guests.filter((guest) => guest.unmatched !== undefined);
      const disconnected = guests.filter(({ agent }) => agent === "disconnected");
      const found: Finding[] = [];
      if (unmatched.length > 0) {
        found.push({
          level: "problem",
          what: `the pattern ${pattern} does not match the agent's channel of ${countOf(unmatched.length, "guest")}: ${unmatched
            .slice(0, NAMED)
            .map(({ name, unmatched: path }) => `${name} has ${path}`)
            .join(", ")}`,
          why: "these guests are not pinged, so one that hangs is not noticed",
          fix: "set [introspectiveinstancemonitor] qemu_guest_agent_sock_path to a pattern that matches these paths",
        });
      }
      if (disconnected.length > 0) {
        found.push({
          level: "warning",
          what: `no agent is connected in ${countOf(disconnected.length, "guest")}: ${disconnected
            .slice(0, NAMED)
            .map(({ name }) => name)
            .join(", ")}`,
          why: "a guest is monitored only after its agent has answered once",
          fix: "install and start qemu-guest-agent in the guest",
        });
      }
      const matched = guests.filter(({ agent }) => agent === "connected").length;
      if (matched > 0 || found.length === 0)
        found.push(ok(`${matched} of ${countOf(guests.length, "running guest")} can be pinged`));
      return found;
    } finally {
      await connection.close();
    }
  },
};
