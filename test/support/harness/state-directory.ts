import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";

/** Where the real state file of a simulated program is: in memory where the machine has such, since it is synced thousands of times. */
export class StateDirectory {
  readonly path: string = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "masakari-simulation-"));
  /** Nothing can be written. */
  full: boolean = false;

  constructor() {
    process.on("exit", () => rmSync(this.path, { recursive: true, force: true }));
  }

  /** For another schedule. */
  empty(): void {
    this.full = false;
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
        if (this.full) throw new Error("database or disk is full");
        file.write(batch);
      },
      ended: () => file.ended(),
      close: () => file.close(),
    };
  }
}
