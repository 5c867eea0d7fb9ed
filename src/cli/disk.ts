import { statSync } from "node:fs";
import { dirname } from "node:path";
import { orderOperations } from "../host/orders.ts";
import { recordingOperations } from "../monitor/recording/segment-files.ts";
import { probeDisk } from "../notify/disk-probe.ts";
import { lockOperations, reviveLockError } from "../notify/lock-operations.ts";
import { reviveStateError, stateOperations } from "../notify/state-operations.ts";
import { pauseOperations } from "../process/pauses.ts";
import { type DiskCalls, DiskHungError, directDiskCalls } from "../system/disk/calls.ts";
import type { PlainError } from "../system/disk/protocol.ts";
import { DiskThread } from "../system/disk/thread.ts";
import { logFileOperations, type OpenLogFile } from "../system/logging/log-file.ts";
import { diskThreadModule, takeEarlyDiskWorker } from "./early-disk-worker.ts";
import { chooseStatePlace, type StateEnvironment, type StatePlace } from "./state-place.ts";

/** All that the programs do on the disk of `state_path`, and would otherwise wait for. */
export const diskOperations = {
  ...stateOperations,
  ...lockOperations,
  ...pauseOperations,
  ...orderOperations,
  ...recordingOperations,
  ...logFileOperations,
  choosePlace,
};

/** As `chooseStatePlace`; returns when the disk of that place has completed a write. */
function choosePlace(statePath: string, environment: StateEnvironment): StatePlace {
  const place = chooseStatePlace(statePath, environment);
  try {
    probeDisk(place.path);
  } catch {
    // It responds; what is wrong is reported by the code that writes there.
  }
  return place;
}

export type Disk = DiskCalls<typeof diskOperations>;

/** At the start a busy machine may need longer, and what an earlier run left is then to be known. */
const START_LIMIT_MS = 4000;
const limitsMs = {
  choosePlace: START_LIMIT_MS,
  takeLock: START_LIMIT_MS,
  openState: START_LIMIT_MS,
  loadState: START_LIMIT_MS,
  rescueState: START_LIMIT_MS,
};

/** A disk that is used from a thread of its own. */
export function diskThread(): DiskThread<typeof diskOperations> {
  return new DiskThread({
    module: diskThreadModule(),
    started: takeEarlyDiskWorker(),
    limitsMs,
    direct: directDiskCalls(diskOperations),
    revive: (error) => reviveStateError(error) ?? reviveLockError(error) ?? plain(error),
  });
}

const plain = ({ message, code, errcode }: PlainError): Error => Object.assign(new Error(message), { code, errcode });

/** Whether the disk of this directory completes a write, within the limit. Any other problem is left to the code that writes there. */
export function diskProbe(disk: Disk, statePath: string): () => Promise<boolean> {
  return async () => {
    try {
      await disk.callLater("probeDisk", statePath);
      return true;
    } catch (error) {
      return !(error instanceof DiskHungError);
    }
  };
}

/** How a log file is opened: as the disk of `state_path` is used, if it is the same. */
export function openingLogFile(disk: Disk, statePath: string): OpenLogFile {
  return (path) => {
    if (deviceOf(path) === deviceOf(statePath)) disk.call("openLogFile", path);
    else logFileOperations.openLogFile(path);
  };
}

/** Of the path, or of the nearest directory above it that exists. */
function deviceOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined && dirname(path) !== path ? deviceOf(dirname(path)) : found?.dev;
}
