import { isIP } from "node:net";

/** Where a peer is asked. */
export interface Peer {
  /** As the page names it until the peer has sent its host's name. */
  readonly name: string;
  /** Of its `GET /host.json`. */
  readonly url: string;
}

/** @returns what is wrong with one entry of `[page] peers`, without repeating a password that it may contain */
export function peerOf(text: string): { readonly peer: Peer } | { readonly problem: string } {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return { problem: "an entry is not an http:// or https:// URL" };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: `the URL of ${url.host} has a user name; peers are asked with the one of [metrics]` };
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return { problem: `the URL of ${url.host} has a path; write ${url.origin}` };
  }
  return { peer: { name: url.host, url: `${url.origin}/host.json` } };
}

/**
 * The peer that a host of the segment, or a member of Consul, is.
 * @param address at which it is reached, if not by its name @returns undefined for a name that is none of a host
 */
export function peerAt(hostname: string, port: number, isSecure: boolean, address = hostname): Peer | undefined {
  const at = isIP(address) === 6 ? `[${address}]` : address;
  const url = URL.parse(`${isSecure ? "https" : "http"}://${at}:${port}/`);
  if (url === null || !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(hostname)) return undefined;
  return { name: hostname, url: `${url.origin}/host.json` };
}

/** Where a list of peers comes from, and why it cannot be had. */
export interface UnknownPeers {
  readonly source: string;
  readonly problem: string;
  /** ISO 8601. */
  readonly since: string;
}
