import type { TestContext } from "node:test";
import type { ControlPlane, ControlPlaneOptions } from "../../src/control-plane/control-plane.ts";
import { callMasakari, logIn, startTestControlPlane } from "./control-plane.ts";
import { freePort } from "./ports.ts";

/** The embedded control plane with one segment of these hosts, which can be away, and come back where it was with what it had. */
export class MasakariWithOutages {
  /** `HOST EVENT STATUS` of each notification that it has taken, in the order of arrival. */
  readonly notified: string[] = [];
  readonly #options: Partial<ControlPlaneOptions>;
  #running: ControlPlane | undefined;
  readonly #ports: { readonly keystonePort: number; readonly masakariPort: number };

  private constructor(database: string, ports: { readonly keystonePort: number; readonly masakariPort: number }) {
    this.#ports = ports;
    this.#options = {
      database,
      onNotification: ({ hostname, payload }) => {
        this.notified.push(`${hostname} ${payload.event} ${payload.host_status}`);
      },
    };
  }

  /** @param database path of a file that is made */
  static async start(t: TestContext, database: string, hosts: readonly string[]): Promise<MasakariWithOutages> {
    const masakari = new MasakariWithOutages(database, {
      keystonePort: await freePort(),
      masakariPort: await freePort(),
    });
    t.after(async () => await masakari.leave());
    const cloud = await masakari.come();
    const token = await logIn(cloud);
    const created = async (path: string, body: unknown): Promise<Buffer | string> => {
      const response = await callMasakari(cloud, token, "POST", path, body);
      if (response.status !== 201) throw new Error(`${path}: ${response.status} ${response.body}`);
      return response.body;
    };
    const segment = { name: "compute", recovery_method: "auto", service_type: "COMPUTE" };
    const { uuid } = JSON.parse((await created("/segments", { segment })).toString()).segment as { uuid: string };
    for (const name of hosts) {
      await created(`/segments/${uuid}/hosts`, { host: { name, type: "COMPUTE", control_attributes: "SSH" } });
    }
    return masakari;
  }

  /** `[api]` of a configuration. */
  section(): string {
    return `[api]
auth_type = password
auth_url = http://127.0.0.1:${this.#ports.keystonePort}/v3
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
`;
  }

  async come(): Promise<ControlPlane> {
    const cloud = await startTestControlPlane({ ...this.#options, ...this.#ports });
    this.#running = cloud;
    return cloud;
  }

  async leave(): Promise<void> {
    await this.#running?.close();
  }
}
