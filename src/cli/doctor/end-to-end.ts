import { randomUUID } from "node:crypto";
import { HostNotFoundError, HostOnMaintenanceError } from "../../openstack/errors.ts";
import type { MasakariClient } from "../../openstack/masakari.ts";
import { messageOf } from "../../system/message-of.ts";
import type { Check } from "./check.ts";
import { API_LIMIT } from "./checks/limits.ts";
import { type Finding, ok } from "./finding.ts";
import { openApi, type Subject } from "./subject.ts";

/** Between two questions for the notification, ms. */
const POLL_MS = 500;
/** Not worked on, or being worked on (masakari/objects/fields.py). */
const UNFINISHED = ["new", "running"];
const NOTHING_RECOVERED = "Masakari would not recover from a failure that is notified now";

/**
 * The whole way of a notification, with one that nothing follows from: the reboot of a guest whose UUID no guest has, which
 * masakari-engine files as ignored.
 * @param waitMs for the engine
 */
export function endToEnd(waitMs: number): Check {
  return {
    name: "end to end",
    limitMs: (subject) => waitMs + API_LIMIT(subject) * 2,
    run: async (subject, signal) => await new Trial(subject, signal).run(waitMs),
  };
}

class Trial {
  readonly #subject: Subject;
  readonly #signal: AbortSignal;
  readonly #found: Finding[] = [];

  constructor(subject: Subject, signal: AbortSignal) {
    this.#subject = subject;
    this.#signal = signal;
  }

  async run(waitMs: number): Promise<readonly Finding[]> {
    const signal = this.#signal;
    // The checks before have logged in already: the time of each step counts from nothing.
    const { session, client } = await openApi(this.#subject.loaded, this.#subject);
    try {
      await this.#timed("login", () => session.login(signal));
      await this.#timed("endpoint", async () => void (await client.version({ signal })));
      const uuid = await this.#timed("POST", () => this.#post(client));
      await this.#timed("masakari-engine", () => this.#untilFinished(client, uuid, waitMs));
    } catch (error) {
      this.#found.push(failureOf(error, session.redact(messageOf(error))));
    } finally {
      session.close();
    }
    return this.#found;
  }

  async #timed<T>(step: string, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#subject;
    const began = clock.now().mono;
    const result = await work();
    const note = typeof result === "string" ? ` (${result})` : "";
    this.#found.push(ok(`${step}: ${((clock.now().mono - began) / 1000).toFixed(3)} s${note}`));
    return result;
  }

  /** @returns its UUID */
  async #post(client: MasakariClient): Promise<string> {
    const { clock, loaded } = this.#subject;
    const notification = {
      type: "VM",
      hostname: loaded.config.DEFAULT.hostname,
      generated_time: new Date(clock.now().wall).toISOString().replace("Z", "000"),
      payload: { event: "REBOOT", vir_domain_event: "UNKNOWN", instance_uuid: randomUUID() },
    };
    return (await client.createNotification(notification, { signal: this.#signal })).notification_uuid;
  }

  /** @returns the status that the engine has given it */
  async #untilFinished(client: MasakariClient, uuid: string, waitMs: number): Promise<string> {
    const { clock } = this.#subject;
    const until = clock.now().mono + waitMs;
    for (;;) {
      const { status } = await client.getNotification(uuid, { signal: this.#signal });
      if (status === "ignored" || status === "finished") return status;
      if (!UNFINISHED.includes(status)) throw new EngineError(`masakari-engine has marked ${uuid} as ${status}`);
      if (clock.now().mono >= until) {
        throw new EngineError(
          `masakari-engine has not finished ${uuid} within ${waitMs / 1000} s; it is still ${status}`,
        );
      }
      await clock.sleep(POLL_MS, this.#signal);
    }
  }
}

/** The API has accepted the notification, and the engine does not do its part. */
class EngineError extends Error {
  readonly code = "MASAKARI_ENGINE";
}

function failureOf(error: unknown, what: string): Finding {
  const level = "problem";
  if (error instanceof HostOnMaintenanceError || error instanceof HostNotFoundError) {
    return { level, what, why: NOTHING_RECOVERED, fix: "see the finding of the check registration" };
  }
  if (error instanceof EngineError) {
    const fix =
      "on the controllers: systemctl status masakari-engine, its log, and whether it reaches the message broker; masakari notification-list shows what waits";
    return { level, what, why: NOTHING_RECOVERED, fix };
  }
  return { level, what, why: NOTHING_RECOVERED, fix: "see the finding of the check Masakari API" };
}
