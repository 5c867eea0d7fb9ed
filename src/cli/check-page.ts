import type { Diagnostic } from "../config/diagnostic.ts";
import type { Loaded } from "../config/load.ts";
import { diagnosticAt, originOf } from "../config/origin.ts";
import { peerOf } from "../status/page/peer-url.ts";

/** What is wrong with the metrics' port and the page. Warnings: a monitor does its work without them. */
export function checkPage({ config: { consul, metrics, page }, origins }: Loaded): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const warn = (section: "metrics" | "page", option: string, text: string): void => {
    found.push(diagnosticAt("warning", section, originOf(origins, section, option), `[${section}] ${option}: ${text}`));
  };
  if (page.enabled && metrics.port === 0) warn("page", "enabled", "there is no page without [metrics] port");
  for (const text of page.peers) {
    const read = peerOf(text);
    if ("problem" in read) warn("page", "peers", `${read.problem}; it is left out`);
  }
  if (page.peers_in_consul && [consul.agent_manage, consul.agent_tenant, consul.agent_storage].every((one) => !one)) {
    warn("page", "peers_in_consul", "there is no agent in [consul] to list the members");
  }
  const hasPassword = metrics.password !== undefined || metrics.password_file !== "";
  if ((metrics.username !== "") !== hasPassword) {
    const missing = hasPassword ? "username" : "password (or password_file)";
    warn("metrics", hasPassword ? "password" : "username", `the port stays closed without ${missing}`);
  }
  if (metrics.username.includes(":")) warn("metrics", "username", "it may not contain a colon; the port stays closed");
  if (metrics.tls_key_file !== "" && metrics.tls_cert_file === "") {
    warn("metrics", "tls_key_file", "it has no effect without tls_cert_file");
  }
  return found;
}
