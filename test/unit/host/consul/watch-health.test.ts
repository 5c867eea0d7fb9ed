import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HealthResponse } from "../../../../src/host/consul/agent.ts";
import { parseHealth } from "../../../../src/host/consul/responses.ts";
import { watchHealth } from "../../../../src/host/consul/watch-health.ts";
import { settle, VirtualClock } from "../../../support/virtual-clock.ts";
import { captured } from "./captured.ts";

function responseOf(name: string, index: number): HealthResponse {
  return { health: parseHealth(Buffer.from(captured(name).body)), index };
}

/** A watch of an agent whose responses the test gives. */
class Watch {
  readonly clock = new VirtualClock();
  readonly asked: number[] = [];
  readonly events: string[] = [];
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #give = Promise.withResolvers<HealthResponse>();

  constructor() {
    const agent = {
      nextHealth: async (index: number): Promise<HealthResponse> => {
        this.asked.push(index);
        this.#give = Promise.withResolvers();
        return await this.#give.promise;
      },
    };
    const onChange = (): void => void this.events.push("change");
    const onInterruption = (): void => void this.events.push("interruption");
    this.#ended = watchHealth({ clock: this.clock, agent, onChange, onInterruption }, this.#ending.signal);
  }

  async respond(name: string, index: number): Promise<void> {
    this.#give.resolve(responseOf(name, index));
    await settle();
    await this.clock.advance(1000);
  }

  async fail(): Promise<void> {
    this.#give.reject(new Error("500"));
    await settle();
  }

  async end(): Promise<void> {
    this.#ending.abort(new Error("ended"));
    this.#give.reject(new Error("aborted"));
    await this.#ended;
  }
}

describe("waiting for a change of the servers' states", () => {
  it("reports one when a host fails and when it returns, and none for other checks", async () => {
    const watch = new Watch();
    await watch.respond("01-alive-health", 14);
    await watch.respond("01-alive-health", 15);
    assert.deepEqual(watch.events, []);
    await watch.respond("02-failed-health", 59);
    assert.deepEqual(watch.events, ["change"]);
    await watch.respond("01-alive-health", 60);
    assert.deepEqual(watch.events, ["change", "change"]);
    assert.deepEqual(watch.asked, [0, 14, 15, 59, 60]);
    await watch.end();
  });

  it("starts again when the index goes back", async () => {
    const watch = new Watch();
    await watch.respond("01-alive-health", 500);
    await watch.respond("01-alive-health", 14);
    assert.deepEqual(watch.asked, [0, 500, 0]);
    await watch.end();
  });

  it("reports an interruption once, asks again with growing pauses, and reports a change when it is over", async () => {
    const watch = new Watch();
    await watch.respond("01-alive-health", 14);
    await watch.fail();
    assert.deepEqual(watch.events, ["interruption"]);
    await watch.clock.advance(999);
    assert.equal(watch.asked.length, 2);
    await watch.clock.advance(1);
    assert.deepEqual(watch.asked, [0, 14, 0]);
    await watch.fail();
    await watch.clock.advance(1000);
    assert.equal(watch.asked.length, 3);
    await watch.clock.advance(1000);
    assert.equal(watch.asked.length, 4);
    await watch.respond("01-alive-health", 14);
    assert.deepEqual(watch.events, ["interruption", "change"]);
    await watch.end();
  });
});
