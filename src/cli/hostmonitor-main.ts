import { runProgram } from "./daemon.ts";
import { hostMonitorProgram } from "./programs/hostmonitor.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-hostmonitor");
process.exitCode = await runProgram(hostMonitorProgram, process.argv);
