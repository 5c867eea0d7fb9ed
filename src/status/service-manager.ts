import type { Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { printable } from "../system/printable.ts";
import { type DatagramSender, openDatagramSender } from "../system/unix-datagram.ts";

/** Messages to systemd (sd_notify(3)); every call is a no-op where no service manager expects them. None waits, none throws. */
export interface ServiceManager {
  /** The watchdog's time-out, ms; undefined: there is no watchdog. */
  readonly watchdogMs: number | undefined;
  /** The program is up, or has finished reloading. */
  ready(): void;
  /** It reloads from now until `ready`. */
  reloading(now: Instant): void;
  stopping(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  alive(): void;
}

const NOBODY: ServiceManager = {
  watchdogMs: undefined,
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  status: () => undefined,
  alive: () => undefined,
};

const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;
const STATUS_LENGTH = 500;

/**
 * Takes the service manager's variables out of the environment, so that no command that we start can send messages in our name.
 * @param environment `process.env`
 */
export function takeServiceManager(environment: NodeJS.ProcessEnv, pid: number, log: Logger): ServiceManager {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: period, WATCHDOG_PID: whose } = environment;
  for (const name of VARIABLES) delete environment[name];
  if (path === undefined || path === "") return NOBODY;
  let sender: DatagramSender | undefined;
  let failed = false;
  const send = (...lines: string[]): void => {
    try {
      sender ??= openDatagramSender(path);
      sender.send(lines.join("\n"));
      failed = false;
    } catch (error) {
      // It may be restarting itself; the next message is tried all the same.
      if (!failed) log.warning(`Cannot send this program's status to the service manager: ${String(error)}`);
      failed = true;
    }
  };
  const isOurs = whose === undefined || whose === String(pid);
  const microseconds = Number(period);
  return {
    watchdogMs: isOurs && microseconds > 0 ? microseconds / 1000 : undefined,
    ready: () => send("READY=1"),
    // Without this time systemd would take an older READY=1 for the end of this reload.
    reloading: (now) => send("RELOADING=1", `MONOTONIC_USEC=${Math.floor(now.mono * 1000)}`),
    stopping: () => send("STOPPING=1"),
    status: (text) => send(`STATUS=${printable(text.slice(0, STATUS_LENGTH).replace(/\p{Cc}+/gu, " "))}`),
    alive: () => send("WATCHDOG=1"),
  };
}
