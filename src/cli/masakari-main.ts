import { homedir } from "node:os";
import { runMasakari } from "./masakari/run.ts";
import { guardStandardStreams } from "./standard-streams.ts";

guardStandardStreams("masakari");
process.exitCode = await runMasakari(process.argv.slice(2), {
  env: process.env,
  homeDir: homedir(),
  terminal: process.stdout.isTTY ? { columns: process.stdout.columns } : undefined,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
