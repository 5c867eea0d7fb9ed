import { runProgram } from "./daemon.ts";
import { introspectiveMonitorProgram } from "./programs/introspectiveinstancemonitor.ts";

process.exitCode = await runProgram(introspectiveMonitorProgram, process.argv);
