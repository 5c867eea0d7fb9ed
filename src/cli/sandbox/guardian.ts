import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs in a session of its own, so that what a terminal sends its processes does not reach it, and waits for the
 * sandbox's end. Only processes that have the sandbox's directory in their command line are ended: a pid may have been given anew.
 */
const script = `
read -r word && exit 0
ours() { tr '\\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$directory"; }
if ours "$monitor"; then
  kill "$monitor"
  tries=0
  while ours "$monitor" && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
  ours "$monitor" && kill -9 "$monitor"
fi
for file in "$directory"/run/*.pid; do
  pid=$(cat "$file" 2>/dev/null) && ours "$pid" && kill "$pid"
done
rm -rf "$directory" || { sleep 1; rm -rf "$directory"; }
`;

/** Ends the monitor and the services and removes the directory, should the sandbox end without doing so (kill -9, a defect). */
export class Guardian {
  readonly #child: ChildProcess;

  constructor(directory: string, monitorPid: number | undefined) {
    this.#child = spawn("/bin/sh", ["-c", script], {
      env: { PATH: process.env.PATH, directory, monitor: String(monitorPid ?? "") },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Without it, only a sandbox that is killed leaves something behind.
    this.#child.on("error", () => undefined);
    this.#child.stdin?.on("error", () => undefined);
  }

  /** The sandbox has cleaned up itself. */
  dismiss(): void {
    this.#child.stdin?.end("done\n");
  }
}
