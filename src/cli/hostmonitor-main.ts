import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-hostmonitor");
startDiskWorkerEarly();
const [{ runProgram }, { hostMonitorProgram }] = await Promise.all([
  import("./daemon.ts"),
  import("./programs/hostmonitor.ts"),
]);
process.exitCode = await runProgram(hostMonitorProgram, process.argv);
