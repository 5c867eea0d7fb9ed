import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs in a session of its own, so that what a terminal sends its processes does not reach it, and waits for the
 * sandbox's end. A pid may have been reused, and a monitor replaces its command line by its name: the monitors, and what they start,
 * have the sandbox's directory in their environment, and the services in their command line. The monitors come first, since they would
 * start the services again; a start command may be under way.
 */
const script = `
read -r word && exit 0
running() {
  printf '%s\\n' "$2" | grep -lsF -f - /proc/[0-9]*/"$1" | tr -dc '0-9\\n'
}
for try in 1 2 3 4 5 6 7 8 9 10; do
  left=$(running environ "MASAKARI_SANDBOX=$directory"; running cmdline "$directory/bin/"; running cmdline "$directory/services/")
  [ -n "$left" ] || break
  kill -9 $left 2>/dev/null
  sleep 0.2
done
rm -rf "$directory" || { sleep 1; rm -rf "$directory"; }
`;

/** The environment of the monitors that the guardian is to end. */
export function guarded(directory: string): NodeJS.ProcessEnv {
  return { ...process.env, MASAKARI_SANDBOX: directory };
}

/** Ends the monitors and the services and removes the directory, should the sandbox end without doing so (kill -9, a defect). */
export class Guardian {
  readonly #child: ChildProcess;

  constructor(directory: string) {
    this.#child = spawn("/bin/sh", ["-c", script], {
      env: { PATH: process.env.PATH, directory },
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
