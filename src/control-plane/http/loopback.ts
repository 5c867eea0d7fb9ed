import { BlockList, isIP } from "node:net";
import { ControlPlaneError } from "../errors.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Without TLS, passwords and admin tokens can be read on the way, so they stay on this machine unless configured otherwise.
 * @throws ControlPlaneError `not-loopback`
 */
export function requireLoopback(host: string, allowed: boolean): void {
  if (allowed || host === "localhost") return;
  const family = isIP(host);
  if (family !== 0 && loopback.check(host, family === 6 ? "ipv6" : "ipv4")) return;
  throw new ControlPlaneError(
    "not-loopback",
    `the control plane does not listen on ${host} without TLS: passwords could be read on the way; give a certificate and its key, listen on 127.0.0.1, or allow plain HTTP if a reverse proxy with TLS is in front of it`,
  );
}
