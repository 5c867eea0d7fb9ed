import { runProgram } from "./daemon.ts";
import { instanceMonitorProgram } from "./programs/instancemonitor.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-instancemonitor");
process.exitCode = await runProgram(instanceMonitorProgram, process.argv);
