import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-instancemonitor");
startDiskWorkerEarly();
const [{ runProgram }, { instanceMonitorProgram }] = await Promise.all([
  import("./daemon.ts"),
  import("./programs/instancemonitor.ts"),
]);
process.exitCode = await runProgram(instanceMonitorProgram, process.argv);
