import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A small real service of the sandbox, with the commands that the process list has for it. */
export interface SandboxService {
  readonly name: string;
  /** The program: what `process_name` in the list is. */
  readonly program: string;
  readonly startCommand: string;
  readonly restartCommand: string;
  readonly pidFile: string;
}

/** Both end by themselves when the sandbox's directory is gone, so that nothing is left behind after a kill -9. */
const programs = (directory: string): Readonly<Record<string, string>> => ({
  // An HTTP server on a free port of loopback; it writes its port down.
  "sandbox-web": `#!${process.execPath}
const { createServer } = require("node:http");
const { existsSync, writeFileSync } = require("node:fs");
const server = createServer((_, response) => response.end("still here\\n"));
server.listen(0, "127.0.0.1", () => writeFileSync("${directory}/run/sandbox-web.port", String(server.address().port)));
setInterval(() => existsSync("${directory}") || process.exit(), 500);
`,
  // A worker that writes a heartbeat each second.
  "sandbox-worker": `#!/bin/sh
while [ -d "${directory}" ]; do date > "${directory}/run/sandbox-worker.heartbeat" 2>/dev/null; sleep 1; done
`,
});

function writeProgram(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** Writes the services' programs and their start and restart commands below `directory`, and starts none of them. */
export function makeServices(directory: string): readonly SandboxService[] {
  for (const part of ["bin", "run", "services"]) mkdirSync(join(directory, part));
  return Object.entries(programs(directory)).map(([name, text]) => {
    const service: SandboxService = {
      name,
      program: join(directory, "services", name),
      startCommand: join(directory, "bin", `start-${name}`),
      restartCommand: join(directory, "bin", `restart-${name}`),
      pidFile: join(directory, "run", `${name}.pid`),
    };
    writeProgram(service.program, text);
    // As a unit's start does: what runs already is not started a second time. setsid and sh do not show the program's
    // name, so that they are not taken for it.
    const launch = `#!/bin/sh
tr '\\0' ' ' <"/proc/$(cat "${service.pidFile}" 2>/dev/null)/cmdline" 2>/dev/null | grep -qF "${service.program}" && exit 0
program="${service.program}" setsid sh -c 'exec "$program"' >"${directory}/run/${name}.log" 2>&1 </dev/null &
echo $! >"${service.pidFile}"
`;
    writeProgram(service.startCommand, launch);
    writeProgram(service.restartCommand, launch);
    return service;
  });
}

/** The pid that the service's start or restart command wrote down last. @throws if it was never started */
export function pidOf(service: SandboxService): number {
  return Number(readFileSync(service.pidFile, "utf8"));
}

/** Whether the service's process lives; one that its parent has not reaped yet (a zombie) does not. */
export function isRunning(service: SandboxService): boolean {
  try {
    const stat = readFileSync(`/proc/${pidOf(service)}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}

/** Whether the restart command may be executed. */
export function isRestartable(service: SandboxService): boolean {
  return (statSync(service.restartCommand).mode & 0o100) !== 0;
}

/** Takes the restart command's right to be executed away, or gives it back. */
export function setRestartable(service: SandboxService, restartable: boolean): void {
  chmodSync(service.restartCommand, restartable ? 0o755 : 0o644);
}
