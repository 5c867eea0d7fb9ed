import { runProgram } from "./daemon.ts";
import { processMonitorProgram } from "./programs/processmonitor.ts";

process.exitCode = await runProgram(processMonitorProgram, process.argv);
