import { runProgram } from "./daemon.ts";
import { processMonitorProgram } from "./programs/processmonitor.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-processmonitor");
process.exitCode = await runProgram(processMonitorProgram, process.argv);
