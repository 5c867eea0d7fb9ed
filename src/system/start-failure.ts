import { existsSync } from "node:fs";

const NOTHING_LEFT: Readonly<Record<string, string>> = {
  EMFILE: "this monitor has no file descriptor left; raise LimitNOFILE= of its unit, or `ulimit -n`",
  ENFILE: "this host has no file descriptor left; raise the sysctl fs.file-max",
  EAGAIN: "no more processes are allowed; raise TasksMax= or LimitNPROC= of the monitor's unit, or `ulimit -u`",
  ENOMEM: "there is no memory left",
};

/** Why a command could not be started, as a phrase for a log line. @param error of `spawn` */
export function startFailure(program: string, error: Error): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return `could not be started: ${reason(program, code) ?? message}`;
}

function reason(program: string, code: string): string | undefined {
  if (code === "EACCES") return `${program} is not executable by this user`;
  if (code !== "ENOENT") return NOTHING_LEFT[code] && `${NOTHING_LEFT[code]} (${code})`;
  // execve(2) fails in the same way for a script without its interpreter.
  if (program.includes("/") && existsSync(program)) {
    return `${program} is there, but the interpreter that its first line names is not`;
  }
  return `there is no ${program} (commands run without a shell)`;
}
