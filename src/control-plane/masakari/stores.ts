import type { ReusingDatabase } from "../store/reusing-database.ts";
import type { ComputeServiceExists } from "./compute-services.ts";
import type { HostStore } from "./hosts/store.ts";
import type { NotificationStore } from "./notifications/store.ts";
import type { Release } from "./release.ts";
import type { SegmentStore } from "./segments/store.ts";
import type { VmoveStore } from "./vmoves/store.ts";

/** What the resources read and write; they refer to one another's rows. */
export interface Stores {
  readonly database: ReusingDatabase;
  readonly segments: SegmentStore;
  readonly hosts: HostStore;
  readonly notifications: NotificationStore;
  readonly vmoves: VmoveStore;
  readonly release: Release;
  readonly computeServiceExists: ComputeServiceExists;
}
