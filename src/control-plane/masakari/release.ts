/** What of masakari-api differs between its releases. */
export interface Release {
  /** The highest microversion, by which the release is named. */
  readonly maxVersion: string;
  readonly maxMinor: number;
  /** Vmoves, a notification's `failover_segment_uuid` and `message` (at every microversion), and `/healthcheck`. */
  readonly hasVmoves: boolean;
}

/** 1.2 is masakari 14.0.2, Debian 12's; 1.3 is upstream's master of July 2026. */
export const releases = {
  "1.2": { maxVersion: "1.2", maxMinor: 2, hasVmoves: false },
  "1.3": { maxVersion: "1.3", maxMinor: 3, hasVmoves: true },
} as const satisfies Readonly<Record<string, Release>>;

export type ReleaseName = keyof typeof releases;
