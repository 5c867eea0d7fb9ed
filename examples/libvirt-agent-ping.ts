/**
 * Pings the QEMU guest agent of a domain once. Exits with 0 if it responds, 1 if it does not, 2 if that cannot be found out:
 *
 *     node examples/libvirt-agent-ping.ts DOMAIN [qemu:///system] [SECONDS]
 */
import { connect, type Domain, ServerError, type ServerErrorName } from "../src/libvirt/mod.ts";
import { systemClock } from "../src/system/system-clock.ts";
import { print, printLog, stopSignal } from "./print-log.ts";

const [, , wanted, uri = "qemu:///system", seconds = "5"] = process.argv;

/** What libvirt's error shows about the agent; `UNKNOWN` and the others show nothing. */
const meanings: Partial<Record<ServerErrorName, string>> = {
  AGENT_UNRESPONSIVE: "does not respond, or is not connected",
  AGENT_COMMAND_TIMEOUT: "does not respond",
  AGENT_COMMAND_FAILED: "responds with an error",
  OPERATION_TIMEOUT: "is occupied by another client's command",
};

async function ping(domain: Domain, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  try {
    // Longer than libvirt itself takes, so that its error shows what it was.
    const options = { signal, timeoutMs: Number(seconds) * 1000 + 40_000 };
    await connection.agentCommand(domain, '{"execute":"guest-ping"}', Number(seconds), options);
    print(`${domain.name}: the guest agent responded in ${Math.round(performance.now() - start)} ms`);
    return 0;
  } catch (error) {
    const meaning = error instanceof ServerError ? meanings[error.errorName] : undefined;
    print(`${domain.name}: ${meaning === undefined ? "not known" : `the guest agent ${meaning}`}: ${error}`);
    return meaning === undefined ? 2 : 1;
  }
}

const signal = stopSignal();
const connection = await connect(uri, { clock: systemClock, log: printLog, signal });
try {
  const domains = await connection.listDomains({ active: true }, { signal });
  const domain = domains.find(({ name, uuid }) => name === wanted || uuid === wanted);
  if (domain === undefined) print(`no active domain has the name or UUID ${wanted}`);
  process.exitCode = domain === undefined ? 2 : await ping(domain, signal);
} finally {
  await connection.close();
}
