import type { Clock } from "../system/clock.ts";
import type { InstanceEffect } from "./observation.ts";
import { readEnd } from "./qemu-log.ts";
import type { Observe, Session } from "./session.ts";

/** libvirt's default where the XML names nothing. */
const ON_CRASH_DEFAULT = "destroy";

export interface ActParts {
  readonly clock: Clock;
  /** `[instancemonitor] qemu_log_directory` */
  readonly logDirectory: () => string;
}

/**
 * Asks for what a decision needs to know. What needs a connection is not asked without one: the next connection looks at the
 * guest again.
 * @throws LibvirtError if libvirt does not answer
 */
export async function act(
  effect: InstanceEffect,
  session: Session,
  { clock, logDirectory }: ActParts,
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  const { uuid } = effect;
  if (effect.kind === "readEnd") {
    const end = await readEnd(logDirectory(), effect.name, signal);
    if (!signal.aborted) observe({ kind: "loggedEnd", at: clock.now(), uuid, end });
    return;
  }
  const { connection } = session;
  if (connection === undefined) return;
  const xml = await connection.xml({ uuid, name: "", id: -1 }, { signal });
  const action = /<on_crash>([\w-]+)<\/on_crash>/.exec(xml)?.[1] ?? ON_CRASH_DEFAULT;
  observe({ kind: "onCrash", at: clock.now(), uuid, action });
}
