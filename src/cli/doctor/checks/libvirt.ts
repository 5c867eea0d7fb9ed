import { connect } from "../../../libvirt/mod.ts";
import { messageOf } from "../../../system/message-of.ts";
import { countOf } from "../../../system/plural.ts";
import type { Check } from "../check.ts";
import { ok } from "../finding.ts";

export const LIBVIRT_MONITORS = ["instancemonitor", "introspectiveinstancemonitor"] as const;
export const CONNECT_MS = 10_000;

/** A connection as the monitors need it, and one call over it: agents get no commands by the read-only socket. */
export const libvirt: Check = {
  name: "libvirt",
  monitors: LIBVIRT_MONITORS,
  async run({ loaded, monitors, clock, log }, signal) {
    const readOnly = !monitors.includes("introspectiveinstancemonitor");
    const { connection_uri: uri } = loaded.config.libvirt;
    try {
      const connection = await connect(uri, { clock, log, signal, readOnly, timeoutMs: CONNECT_MS });
      try {
        const domains = await connection.listDomains({ active: true });
        return [ok(`${uri} answers: ${countOf(domains.length, "running guest")}`)];
      } finally {
        await connection.close();
      }
    } catch (error) {
      return [
        {
          level: "problem",
          what: messageOf(error),
          why: "no failure of a guest is noticed",
          fix: "systemctl status libvirtd (or virtqemud); [libvirt] connection_uri must name it, and this user may need the group libvirt",
        },
      ];
    }
  },
};
