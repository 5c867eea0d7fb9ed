import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari-monitors");
// What runs all the time has a bundle of its own, with none of the other commands (scripts/build.ts).
if (process.argv[2] === "run") await import("./run-main.ts");
else await import("./commands-main.ts");
