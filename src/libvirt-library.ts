/** What the npm package exports as `masakari-monitors/libvirt`: the libvirt client, and a clock for it. */
export * from "./libvirt/mod.ts";
export type { Clock, Instant, Timer } from "./system/clock.ts";
export type { Logger } from "./system/log.ts";
export { systemClock } from "./system/system-clock.ts";
