import { createInterface } from "node:readline";
import { HOST_GUIDE, hostCommand } from "./hosts/console.ts";
import { isRunning, pidOf } from "./services.ts";
import type { Stage } from "./stage.ts";

/** What to try, for a newcomer: in this terminal by word, or in another one by the command itself. */
export function guide(stage: Stage): string {
  const [first] = stage.services;
  const pids = stage.services.map((service) => `${service.name} (pid ${isRunning(service) ? pidOf(service) : "-"})`);
  return `
The process monitor (pid ${stage.monitorPid ?? "-"}) watches ${pids.join(" and ")}.
Host monitors watch 8 simulated hosts: on ${stage.hosts.monitorPids.join(" and ")}.
The page of all three, in a browser on this machine: ${stage.pages.url}
Try, by typing here (in another terminal: the command behind it):
  kill web         a process dies; see it restarted      kill ${first && isRunning(first) ? pidOf(first) : "PID"}
  break web        then kill web: Masakari is notified   chmod -x ${first?.restartCommand}
  mend web         then start web: recovery is seen      chmod +x ${first?.restartCommand}
  start web        starts it by hand                     ${first?.startCommand}
  stop api         then kill worker: it cannot be restarted, and the notification waits
  start api        what waited is delivered: nothing is lost
  masakari notification-list   what Masakari has; likewise masakari segment-list, host-list and all its commands
${HOST_GUIDE}
  help             this text; Ctrl-C or Ctrl-D ends the sandbox and removes ${stage.directory}
Times are ms after the last thing that was done to the host here (for a kill from another terminal: not known).
`;
}

type Command = (stage: Stage, service: NonNullable<ReturnType<Stage["service"]>>) => void | Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  kill: (stage, service) => {
    if (isRunning(service)) stage.kill(service);
    else stage.timeline.print(`${service.name} is not running; try: start ${service.name}`);
  },
  break: (stage, service) => stage.breakRestart(service),
  mend: (stage, service) => stage.mendRestart(service),
  start: (stage, service) => stage.startByHand(service),
};

/** The `masakari` command, at the sandbox's own API. */
async function runCommand(stage: Stage, args: readonly string[]): Promise<void> {
  const print = (text: string): void => stage.timeline.print(text.trimEnd());
  const { runMasakari } = await import("../masakari/run.ts");
  await runMasakari(args, { env: stage.api.environment, homeDir: stage.directory, out: print, err: print });
}

async function obey(stage: Stage, line: string): Promise<void> {
  // `fail host node-3` means `fail node-3`.
  const [verb = "", object = ""] = line
    .trim()
    .toLowerCase()
    .replace(/ host /, " ")
    .split(/\s+/);
  if (verb === "") return;
  if (verb === "masakari") return await runCommand(stage, line.trim().split(/\s+/).slice(1));
  if (object === "api" && verb === "stop") return await stage.stopApi();
  if (object === "api" && verb === "start") return await stage.startApi();
  const service = stage.service(object);
  const ofHosts = hostCommand(stage, verb, object);
  if (ofHosts !== undefined) return await ofHosts();
  const command = commands[verb];
  if (command && service) return await command(stage, service);
  const names = stage.services.map(({ name }) => name.replace("sandbox-", ""));
  if (verb === "help") stage.timeline.print(guide(stage));
  else if (verb === "stop" || verb === "start")
    stage.timeline.print(`${verb} what? ${verb === "stop" ? "api" : [...names, "api"].join(", ")}`);
  else if (command) stage.timeline.print(`${verb} what? ${names.join(", ")}`);
  else stage.timeline.print(`no command ${JSON.stringify(line.trim())}; help lists the commands`);
}

/** Takes typed commands until the signal aborts. @param onEnd called once, when there are no more and the last is done */
export function takeCommands(stage: Stage, input: NodeJS.ReadableStream, signal: AbortSignal, onEnd: () => void): void {
  const lines = createInterface({ input, signal });
  let last = Promise.resolve();
  lines.on("line", (line) => {
    last = last.then(() => obey(stage, line)).catch((error: unknown) => stage.timeline.print(String(error)));
  });
  // A terminal that is gone cannot be read any more; the signal that comes with it ends the sandbox.
  input.on("error", () => undefined);
  lines.on("close", () => void last.then(onEnd));
}
