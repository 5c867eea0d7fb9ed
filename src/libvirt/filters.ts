/** Which domains to list. Without any, all. */
export interface DomainFilter {
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly running?: boolean;
  readonly paused?: boolean;
  readonly shutoff?: boolean;
  /** With a definition that outlasts its end; of the others nothing is left then. */
  readonly persistent?: boolean;
  readonly transient?: boolean;
}

/** Which statistics to ask for. */
export interface StatsFilter {
  readonly interface?: boolean;
  readonly block?: boolean;
}

/** virConnectListAllDomainsFlags (libvirt-domain.h). */
export function listFlags(filter: DomainFilter): number {
  return flagsOf({ active: 1, inactive: 2, persistent: 4, transient: 8, running: 16, paused: 32, shutoff: 64 }, filter);
}

/** virDomainStatsTypes (libvirt-domain.h). */
export function statsFlags(filter: StatsFilter): number {
  return flagsOf({ interface: 16, block: 32 }, filter);
}

function flagsOf<K extends string>(bits: Readonly<Record<K, number>>, wanted: { readonly [N in K]?: boolean }): number {
  let flags = 0;
  for (const name of Object.keys(bits) as K[]) if (wanted[name]) flags |= bits[name];
  return flags;
}
