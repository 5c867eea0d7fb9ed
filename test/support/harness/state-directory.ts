import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";

/** What SQLite throws where nothing can be written (sqlite.org/rescode.html). */
const WRITE_FAULTS = {
  "is full": { errcode: 13, message: "database or disk is full" },
  fails: { errcode: 10, message: "disk I/O error" },
} as const;

/** Where the real state file of a simulated program is: in memory where the machine has such, since it is synced thousands of times. */
export class StateDirectory {
  readonly path: string = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "masakari-simulation-"));
  /** Why nothing can be written. */
  fault: keyof typeof WRITE_FAULTS | undefined;

  constructor() {
    process.on("exit", () => rmSync(this.path, { recursive: true, force: true }));
  }

  /** For another schedule. */
  empty(): void {
    this.fault = undefined;
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path);
  }

  /** The database of the simulated program. */
  get file(): string {
    return join(this.path, "simulated.sqlite");
  }

  open(): StateFile {
    const file = openStateFile(this.file);
    return {
      load: () => file.load(),
      read: (id) => file.read(id),
      write: (batch) => {
        this.#failIfBad();
        file.write(batch);
      },
      ended: () => file.ended(),
      close: () => file.close(),
    };
  }

  #failIfBad(): void {
    if (this.fault === undefined) return;
    const { errcode, message } = WRITE_FAULTS[this.fault];
    throw Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
  }
}
