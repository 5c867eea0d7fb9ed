import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-processmonitor");
startDiskWorkerEarly();
const [{ runProgram }, { processMonitorProgram }] = await Promise.all([
  import("./daemon.ts"),
  import("./programs/processmonitor.ts"),
]);
process.exitCode = await runProgram(processMonitorProgram, process.argv);
