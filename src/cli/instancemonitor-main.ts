import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-instancemonitor");
startDiskWorkerEarly();
void import("./daemon.ts").then(async ({ runProgram }) => {
  const { instanceMonitorProgram } = await import("./programs/instancemonitor.ts");
  process.exitCode = await runProgram(instanceMonitorProgram, process.argv);
});
