import { createServer } from "node:http";
import type { TestContext } from "node:test";
import { healthSocket } from "../../src/status/socket-path.ts";

const program = "hostmonitor";

/**
 * A host monitor whose condition `disarmed` is the next of these at each request; the last one stays.
 * @returns how many requests it has had
 */
export async function hostMonitorShowing(
  context: TestContext,
  statePath: string,
  problems: (string | null)[],
): Promise<() => number> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    const problem = problems.length > 1 ? problems.shift() : problems[0];
    const conditions = { disarmed: { ok: problem === null, since: "2026-11-29T05:00:00Z", problem } };
    const report = { program, pid: 42, verdict: "ok", problems: [], outbox: { pending: 0 }, conditions };
    response.end(JSON.stringify(report));
  });
  await new Promise<void>((resolve) => server.listen(healthSocket(statePath, program), resolve));
  context.after(() => server.close());
  return () => requests;
}
