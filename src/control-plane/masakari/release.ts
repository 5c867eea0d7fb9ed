/** What of masakari-api differs between its releases. */
export interface Release {
  /** The highest microversion, by which the release is named. */
  readonly maxVersion: string;
  readonly maxMinor: number;
  /** Vmoves, a notification's `failover_segment_uuid` and `message` (at every microversion), and `/healthcheck`. */
  readonly hasVmoves: boolean;
  /** What it calls itself in `OpenStack-API-Version` of a success; in that of an error it is `instance-ha`. */
  readonly service: "masakari" | "instance-ha";
  /** Whether a 406 has that header, with the microversion that is refused. */
  readonly repeatsRefused: boolean;
}

/** 1.2 is masakari 14.0.2, Debian 12's; 1.3 is 22.0.0, of September 2026. */
export const releases = {
  "1.2": { maxVersion: "1.2", maxMinor: 2, hasVmoves: false, service: "masakari", repeatsRefused: true },
  "1.3": { maxVersion: "1.3", maxMinor: 3, hasVmoves: true, service: "instance-ha", repeatsRefused: false },
} as const satisfies Readonly<Record<string, Release>>;

export type ReleaseName = keyof typeof releases;
