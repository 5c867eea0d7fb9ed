import { fstatSync } from "node:fs";
import { Command } from "commander";
import { messageOf } from "../system/message-of.ts";
import { guide, takeCommands } from "./sandbox/console.ts";
import { playScript } from "./sandbox/script.ts";
import { Stage } from "./sandbox/stage.ts";
import { Timeline } from "./sandbox/timeline.ts";

const options = new Command("npm start --")
  .description(
    "A live sandbox: an embedded control plane, the real process monitor with two small services to kill, and real host monitors on simulated hosts.",
  )
  .option("--script", "play the things to try, and exit 0 only if each ended as it should")
  .parse()
  .opts<{ script?: boolean }>();

// What it asks is on this machine, whatever proxy others are asked through; the monitor inherits it.
for (const name of ["no_proxy", "NO_PROXY"]) process.env[name] = "127.0.0.1";

const stop = new AbortController();
// SIGHUP: the terminal was closed; SIGQUIT: Ctrl-\.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  process.on(name, () => stop.abort(new Error(`interrupted (${name})`)));
}
// The reader (`| head`, a terminal) is gone: the sandbox is no longer of use.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => stop.abort(new Error(`the output cannot be written: ${error.message}`)));
}

/** Whether the end of the input is a wish: somebody's Ctrl-D or the end of a list of commands, but not /dev/null. */
function inputIsSomebodys(): boolean {
  try {
    return process.stdin.isTTY || !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}

const timeline = new Timeline(process.stdout);
let stage: Stage | undefined;
let failure: string | undefined;
try {
  stage = new Stage(timeline);
  await stage.open((how) => {
    failure = `the monitor has ended by itself: ${how}`;
    stop.abort(new Error(failure));
  }, stop.signal);
  if (options.script) {
    if (!(await playScript(stage, stop.signal))) failure ??= "not everything ended as it should";
  } else {
    timeline.print(guide(stage));
    takeCommands(stage, process.stdin, stop.signal, () => {
      if (inputIsSomebodys()) stop.abort(new Error("end of input"));
    });
    await new Promise<void>((resolve) => {
      stop.signal.addEventListener("abort", () => resolve(), { once: true });
      if (stop.signal.aborted) resolve();
    });
  }
} catch (error) {
  const why: unknown = stop.signal.aborted ? stop.signal.reason : error;
  // A script that was interrupted, whenever that was, has not shown what it is for.
  if (options.script || !stop.signal.aborted) failure ??= messageOf(why);
}
if (failure) timeline.print(failure);
if (stage) {
  timeline.print("Ending the sandbox.");
  await stage.close();
}
await timeline.flush();
process.exit(failure ? 1 : 0);
