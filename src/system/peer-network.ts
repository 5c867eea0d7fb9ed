import { isIPv6 } from "node:net";

/** Groups of 16 bits of an address; a site, or one machine, is given at least a network of four. */
const groups = { address: 8, network: 4 };

/**
 * What failed logins of an address count for: an IPv4 address itself, also if it is written as an IPv6 one, and an IPv6 address' /64, all of whose
 * addresses one machine may use.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [before = "", after] = address.replace(/%.*$/, "").split("::");
  const [head, tail] = [groupsOf(before), groupsOf(after ?? "")];
  const zeros = Array.from({ length: groups.address - head.length - tail.length }, () => "0");
  const all = after === undefined ? head : [...head, ...zeros, ...tail];
  return `${all
    .slice(0, groups.network)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** An IPv4 address at the end stands for two. */
function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":").flatMap((group) => (group.includes(".") ? ["0", "0"] : [group]));
}
