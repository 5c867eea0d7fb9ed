import { runProgram } from "./daemon.ts";
import { instanceMonitorProgram } from "./programs/instancemonitor.ts";

process.exitCode = await runProgram(instanceMonitorProgram, process.argv);
