import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs in a session of its own, so that what a terminal sends its processes does not reach it, and waits for the
 * sandbox's end. What the sandbox started has these files of its directory in its command line; a pid may have been
 * reused. The monitor comes first, since it would start the services again; a start command may be under way.
 */
const script = `
read -r word && exit 0
running() {
  printf '%s\\n' "$directory/$1" | grep -lsF -f - /proc/[0-9]*/cmdline | tr -dc '0-9\\n'
}
for try in 1 2 3 4 5 6 7 8 9 10; do
  left=$(running masakarimonitors.conf; running hosts/; running bin/; running services/)
  [ -n "$left" ] || break
  kill -9 $left 2>/dev/null
  sleep 0.2
done
rm -rf "$directory" || { sleep 1; rm -rf "$directory"; }
`;

/** Ends the monitor and the services and removes the directory, should the sandbox end without doing so (kill -9, a defect). */
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
