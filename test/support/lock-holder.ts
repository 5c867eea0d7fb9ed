import { lockState } from "../../src/notify/state-lock.ts";

// A program of its own: `node lock-holder.ts STATE_PATH PROGRAM` locks the state, prints the result, and stays.
const [statePath = "", program = ""] = process.argv.slice(2);
try {
  const { problem } = lockState(statePath, program);
  process.stdout.write(`${problem ?? "locked"}\n`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
