import type { Clock } from "../system/clock.ts";
import type { Ears, Observe } from "./ears.ts";
import type { InstanceEffect } from "./observation.ts";

/** libvirt's default where the XML names nothing. */
const ON_CRASH_DEFAULT = "destroy";

/**
 * Asks for what a decision needs to know. Without a connection nothing comes of it: the next one looks at the guest anew.
 * @throws LibvirtError if libvirt does not answer
 */
export async function act(
  effect: InstanceEffect,
  ears: Ears,
  clock: Clock,
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  const { connection } = ears;
  if (connection === undefined) return;
  const { uuid } = effect;
  const xml = await connection.xml({ uuid, name: "", id: -1 }, { signal });
  const action = /<on_crash>([\w-]+)<\/on_crash>/.exec(xml)?.[1] ?? ON_CRASH_DEFAULT;
  observe({ kind: "onCrash", at: clock.now(), uuid, action });
}
