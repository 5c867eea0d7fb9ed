import type { ServiceManager } from "../../status/service-manager.ts";
import { systemClock } from "../../system/system-clock.ts";

/** Reports to the service manager that the control plane serves, until the signal aborts; nothing where no manager listens. */
export function reportServing(manager: ServiceManager, status: string, signal: AbortSignal): void {
  manager.status(status);
  manager.ready();
  signal.addEventListener("abort", () => manager.stopping(), { once: true });
  if (manager.watchdogMs === undefined) return;
  // While the event loop runs, requests are served: nothing else can be stuck here.
  const feeding = setInterval(() => manager.alive(), manager.watchdogMs / 2);
  signal.addEventListener("abort", () => clearInterval(feeding), { once: true });
}

/** Reports a reload for as long as it takes. `work` does not reject. */
export async function reportReload(manager: ServiceManager, work: () => Promise<void>): Promise<void> {
  manager.reloading(systemClock.now());
  await work();
  manager.ready();
}
