import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-introspectiveinstancemonitor");
startDiskWorkerEarly();
const [{ runProgram }, { introspectiveMonitorProgram }] = await Promise.all([
  import("./daemon.ts"),
  import("./programs/introspectiveinstancemonitor.ts"),
]);
process.exitCode = await runProgram(introspectiveMonitorProgram, process.argv);
