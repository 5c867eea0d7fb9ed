/** The commands that run for the monitor now, by pid: they and what they have started so far are no service that is watched. */
export class OwnCommands {
  readonly #pids = new Set<number>();

  get pids(): ReadonlySet<number> {
    return this.#pids;
  }

  /** For whatever runs a command. */
  readonly hooks = {
    onStart: (pid: number): void => void this.#pids.add(pid),
    onEnd: (pid: number): void => void this.#pids.delete(pid),
  };
}
