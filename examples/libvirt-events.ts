/**
 * Lists the domains of a host and follows what happens to them, through restarts of libvirtd, until Ctrl-C:
 *
 *     node examples/libvirt-events.ts [qemu:///system]
 */
import { type Connection, type DomainEvent, maintainConnection } from "../src/libvirt/mod.ts";
import { systemClock } from "../src/system/system-clock.ts";
import { print, printLog, stopSignal } from "./print-log.ts";

const uri = process.argv[2] ?? "qemu:///system";

/** What distinguishes one event from another of its kind. */
function describe(event: DomainEvent): string {
  const { kind, domain, ...rest } = event;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return [`${domain.name}: ${kind}`, ...details].join(" ");
}

async function onConnected(connection: Connection): Promise<void> {
  print(`${connection.peer} on ${await connection.hostname()}, libvirt ${await connection.version()}`);
  // Registered before listed, so that nothing falls between.
  await connection.registerEvents(
    ["lifecycle", "reboot", "watchdog", "ioError", "ioErrorReason", "controlError", "agentLifecycle"],
    (event) => print(describe(event)),
  );
  const domains = await connection.listDomains();
  await Promise.all(
    domains.map(async (domain) => {
      const { stateName, reasonName } = await connection.state(domain);
      print(`${domain.name} ${domain.uuid}: ${stateName} (${reasonName})`);
    }),
  );
}

await maintainConnection(uri, { clock: systemClock, log: printLog, readOnly: true, onConnected }, stopSignal());
