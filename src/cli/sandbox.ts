import { Command } from "commander";
import { guide, takeCommands } from "./sandbox/console.ts";
import { playScript } from "./sandbox/script.ts";
import { Stage } from "./sandbox/stage.ts";
import { Timeline } from "./sandbox/timeline.ts";

const options = new Command("npm start --")
  .description("A live sandbox: an embedded control plane, the real process monitor and two small services to kill.")
  .option("--script", "play the three things to try, and exit 0 only if each ended as it should")
  .parse()
  .opts<{ script?: boolean }>();

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort(new Error(name)));

const timeline = new Timeline(process.stdout);
const stage = new Stage(timeline);
let failure: string | undefined;
try {
  await stage.open((how) => {
    failure = `the monitor has ended by itself: ${how}`;
    stop.abort(new Error(failure));
  }, stop.signal);
  if (options.script) {
    if (!(await playScript(stage, stop.signal))) failure ??= "not everything ended as it should";
  } else {
    timeline.print(guide(stage));
    takeCommands(stage, process.stdin, stop.signal);
    await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
} catch (error) {
  if (!stop.signal.aborted) failure = error instanceof Error ? error.message : String(error);
}
if (failure) timeline.print(failure);
timeline.print("Ending the sandbox.");
await stage.close();
process.exit(failure ? 1 : 0);
