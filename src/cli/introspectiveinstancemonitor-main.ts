import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-introspectiveinstancemonitor");
startDiskWorkerEarly();
void import("./daemon.ts").then(async ({ runProgram }) => {
  const { introspectiveMonitorProgram } = await import("./programs/introspectiveinstancemonitor.ts");
  process.exitCode = await runProgram(introspectiveMonitorProgram, process.argv);
});
