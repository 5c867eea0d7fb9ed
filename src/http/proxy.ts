import { BlockList, isIPv4, isIPv6 } from "node:net";

/** The environment, or as much of it as a test gives. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by the rules of Python requests, which a host switched over relies on: `http_proxy`, `https_proxy`,
 * `all_proxy`, small letters before capitals; `no_proxy` lists domains, whole labels only, with or without a port, IPv4 addresses and
 * networks, or `*`. Unlike there, this host itself is reached directly: a proxy would take 127.0.0.1 for its own.
 * @param options.loopback the proxy is also to be used for this host itself
 * @returns the proxy's URL, or undefined for a direct connection
 */
export function proxyFor(
  url: URL,
  environment: Environment,
  options: { loopback?: boolean | undefined } = {},
): string | undefined {
  if (options.loopback !== true && isLoopback(url.hostname)) return undefined;
  const scheme = url.protocol.slice(0, -1);
  const proxy = variable(environment, `${scheme}_proxy`) ?? variable(environment, "all_proxy");
  if (proxy === undefined || bypasses(url, variable(environment, "no_proxy") ?? "")) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** `localhost` and what is below it (RFC 6761), 127.0.0.0/8 and ::1. */
function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIPv4(host)) return host.startsWith("127.");
  if (isIPv6(host)) return isLoopbackIPv6(host);
  return /(^|\.)localhost\.?$/i.test(host);
}

/** Also of an IPv4 address in IPv6's form. The list is made when it is needed, since it costs 0.3 MB. */
function isLoopbackIPv6(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8);
  loopback.addAddress("::1", "ipv6");
  return loopback.check(host, "ipv6");
}

function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name] ?? environment[name.toUpperCase()];
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function bypasses(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return noProxy
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .some((entry) => entry === "*" || covers(entry, host, url.port));
}

function covers(entry: string, host: string, port: string): boolean {
  const [address = "", prefix] = entry.split("/");
  if (isIPv4(host) && isIPv4(address) && prefix !== undefined) {
    const bits = Number(prefix);
    if (!Number.isInteger(bits) || bits < 0 || bits > 32) return false;
    const network = new BlockList();
    network.addSubnet(address, bits);
    return network.check(host);
  }
  if (isIPv4(host)) return entry === host || entry === `${host}:${port}`;
  const suffix = entry.toLowerCase().replace(/^\*?\./, "");
  return [host, `${host}:${port}`].some((name) => name === suffix || name.endsWith(`.${suffix}`));
}
