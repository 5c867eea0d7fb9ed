import { loadConfig } from "../../../src/config/load.ts";
import type { DriverParts } from "../../../src/host/driver.ts";
import { openDriver } from "../../../src/host/drivers.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";

/**
 * `node probe.ts CONFIG_FILE`, run inside a node: the driver that the file names, as the host monitor would run it. It writes one line of JSON for
 * each observation. With `devices HOST` it prints them once and ends.
 */
const [file = "", task, host = ""] = process.argv.slice(2);
const { config } = loadConfig({ program: "masakari-hostmonitor", configFiles: [file], env: {}, homeDir: "/root" });
const log = new KeptLog();
const parts: DriverParts = { clock: systemClock, log, hostname: config.DEFAULT.hostname, config: () => config };
const driver = await openDriver(config.host.monitoring_driver, parts);
const signal = AbortSignal.timeout(600_000);
const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

if (task === "devices") write(await driver.findFencingDevices?.(host, signal));
else await driver.sense(write, signal);
