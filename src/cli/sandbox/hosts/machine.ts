/** How a host's life ended: its guests with it. Times are mono ms. */
export interface Death {
  readonly at: number;
  /** When its cluster has fenced it, which proves it. */
  fencedAt: number | undefined;
  /** When its operating system ran again. */
  back: number | undefined;
}

/** A machine of a simulated data centre, as it really is. */
export class Machine {
  readonly name: string;
  readonly kind: "member" | "remote";
  power: "on" | "off" = "on";
  os: "up" | "frozen" | "down" = "up";
  /** Whether its cluster stack runs. */
  stack = true;
  /** Machines of the same number reach each other. */
  network = 0;
  bmc: "answers" | "slow" | "dead" | "none" = "answers";
  /** How long a slow BMC takes; undefined: a different time each time. ms */
  bmcDelayMs: number | undefined;
  /** In maintenance, by the cluster's configuration. */
  maintenance = false;
  standby = false;
  readonly deaths: Death[] = [];
  /** Counts its boots: what was to happen in an earlier one does not. */
  boots = 1;

  // What the part of the cluster that has quorum holds of it:
  online = true;
  /** As `expected_up` of crm_mon. */
  expected = true;
  incarnation = 1;
  /** Since when it has been a member again, mono ms. */
  joinedAt = Number.NEGATIVE_INFINITY;
  fencingPending = false;
  /** Since when its own fencer has noted the cluster's fencings, ms since the epoch; undefined while none runs on it. */
  fencerSince: number | undefined = 0;

  constructor(name: string, kind: Machine["kind"]) {
    this.name = name;
    this.kind = kind;
  }

  get alive(): boolean {
    return this.power === "on" && this.os !== "down";
  }

  /** Whether its part of the cluster works. */
  get participates(): boolean {
    return this.power === "on" && this.os === "up" && this.stack;
  }

  /** Its guests are gone. */
  die(at: number, power: "on" | "off", fenced: boolean): void {
    const last = this.deaths.at(-1);
    const fencedAt = fenced ? at : undefined;
    if (this.alive) this.deaths.push({ at, fencedAt, back: undefined });
    else if (last !== undefined) last.fencedAt ??= fencedAt;
    this.power = power;
    this.os = "down";
  }

  boot(at: number): void {
    if (this.alive) return;
    this.power = "on";
    this.os = "up";
    this.stack = true;
    this.boots += 1;
    const last = this.deaths.at(-1);
    if (last !== undefined) last.back = at;
  }
}
