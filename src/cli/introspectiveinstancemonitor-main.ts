import { runProgram } from "./daemon.ts";
import { introspectiveMonitorProgram } from "./programs/introspectiveinstancemonitor.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-introspectiveinstancemonitor");
process.exitCode = await runProgram(introspectiveMonitorProgram, process.argv);
