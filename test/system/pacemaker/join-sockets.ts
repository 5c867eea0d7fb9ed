import type { Socket } from "node:net";

/** What arrives at one goes out at the other, and the end of one is the end of the other. */
export function joinSockets(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once("error", () => to.destroy()).once("close", () => to.destroy());
  }
}
