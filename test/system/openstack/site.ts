import { randomUUID } from "node:crypto";
import { RecordingProxy } from "../../support/recording-proxy.ts";
import { KeystoneApi } from "./keystone-api.ts";
import { MasakariApi } from "./masakari-api.ts";
import type { OpenStackAddress } from "./servers.ts";

/**
 * One suite's own way to servers that it may share with other suites: proxies of its own, and a region of its own
 * whose catalogue leads through them.
 */
export interface Site {
  readonly keystone: RecordingProxy;
  readonly masakari: RecordingProxy;
  /** As the administrator, past the proxy. */
  readonly keystoneApi: KeystoneApi;
  /** As the monitors' user, past the proxy. */
  readonly masakariApi: MasakariApi;
  readonly region: string;
  readonly address: OpenStackAddress;
  /** An `[api]` section for a monitor, with the options in `changes` put in or replaced. */
  apiSection(changes?: Readonly<Record<string, string>>): string;
  close(): Promise<void>;
}

export async function openSite(address: OpenStackAddress): Promise<Site> {
  const keystone = new RecordingProxy(address.keystoneUrl);
  const masakari = new RecordingProxy(address.masakariUrl);
  await Promise.all([keystone.listen(), masakari.listen()]);
  const keystoneApi = new KeystoneApi(address.keystoneUrl);
  await keystoneApi.logIn(address.admin);
  const region = `Test-${randomUUID().slice(0, 8)}`;
  await keystoneApi.createRegion(region);
  await keystoneApi.createEndpoints("instance-ha", "masakari", region, `${masakari.origin}/v1`);
  const masakariApi = new MasakariApi(address.masakariUrl, await keystoneApi.token(address.monitors));
  return {
    keystone,
    masakari,
    keystoneApi,
    masakariApi,
    region,
    address,
    apiSection: (changes = {}) => {
      const options = {
        region,
        auth_type: "password",
        auth_url: `${keystone.origin}/v3`,
        username: address.monitors.username,
        password: address.monitors.password,
        project_name: address.monitors.project,
        user_domain_name: "Default",
        project_domain_name: "Default",
        ...changes,
      };
      return ["[api]", ...Object.entries(options).map(([name, value]) => `${name} = ${value}`), ""].join("\n");
    },
    close: async () => {
      await keystoneApi.deleteRegion(region);
      await Promise.all([keystone.close(), masakari.close()]);
    },
  };
}
