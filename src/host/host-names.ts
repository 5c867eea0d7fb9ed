/** What Masakari calls hosts, by what the driver calls them. */
export interface HostNames {
  readonly names: Readonly<Record<string, string>>;
  /** What is wrong with the option, each in a phrase; such items are left out. */
  readonly problems: readonly string[];
}

/** @param items of `[host] host_names`: `DRIVER'S NAME=MASAKARI'S NAME` */
export function parseHostNames(items: readonly string[]): HostNames {
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const item of items) {
    const [from = "", to = "", ...more] = item.split("=").map((part) => part.trim());
    // config/ refuses an item of another form.
    if (from === "" || to === "" || more.length > 0) continue;
    if (names.has(from)) problems.push(`the driver's name ${from} is given twice`);
    else if ([...names.values()].includes(to)) problems.push(`two hosts are mapped to the name ${to}`);
    else names.set(from, to);
  }
  return { names: Object.fromEntries(names), problems };
}
