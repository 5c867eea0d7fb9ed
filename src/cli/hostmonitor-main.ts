import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-hostmonitor");
startDiskWorkerEarly();
void import("./daemon.ts").then(async ({ runProgram }) => {
  const { hostMonitorProgram } = await import("./programs/hostmonitor.ts");
  process.exitCode = await runProgram(hostMonitorProgram, process.argv);
});
