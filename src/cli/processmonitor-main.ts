import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-processmonitor");
startDiskWorkerEarly();
void import("./daemon.ts").then(async ({ runProgram }) => {
  const { processMonitorProgram } = await import("./programs/processmonitor.ts");
  process.exitCode = await runProgram(processMonitorProgram, process.argv);
});
