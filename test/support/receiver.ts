import type { TestContext } from "node:test";
import { eventually } from "./eventually.ts";
import { FakeCloud } from "./fake-cloud.ts";
import { json } from "./http-server.ts";

const IN_TIME = 180_000;

/** An API that keeps what it accepts, and can refuse. */
export class Receiver {
  readonly cloud: FakeCloud;
  readonly accepted: string[] = [];
  refused = 0;
  refusing = false;

  private constructor(cloud: FakeCloud) {
    this.cloud = cloud;
  }

  static async start(t: TestContext): Promise<Receiver> {
    const cloud = await FakeCloud.start();
    t.after(async () => await cloud[Symbol.asyncDispose]());
    cloud.segmentHosts = ["compute1"];
    const receiver = new Receiver(cloud);
    cloud.api = ({ method, body }, response) => {
      if (method !== "POST") return json(response, 200, { segments: [] });
      if (receiver.refusing) {
        receiver.refused++;
        return json(response, 503, {});
      }
      const { notification } = JSON.parse(body);
      const { payload, hostname } = notification;
      receiver.accepted.push(
        `${hostname} ${payload.instance_uuid ?? payload.process_name} ${payload.vir_domain_event ?? payload.event}`,
      );
      return json(response, 202, { notification: { notification_uuid: "n-1" } });
    };
    return receiver;
  }

  about(subject: string): readonly string[] {
    return this.accepted.filter((line) => line.includes(subject));
  }

  async until(subject: string): Promise<void> {
    await eventually(`a notification about ${subject}`, IN_TIME, () => this.about(subject).length > 0 || undefined);
  }
}
