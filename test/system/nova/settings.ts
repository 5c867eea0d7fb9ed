import { region } from "../openstack/keystone.ts";
import type { Login } from "../openstack/keystone-api.ts";

/** Where a Nova finds the others: on this machine's loopback, or from inside a cluster's network. */
export interface Places {
  /** With `/v3`. */
  readonly keystoneUrl: string;
  readonly brokerUrl: string;
  readonly placementUrl: string;
  /** Of Glance and Neutron. */
  readonly imagesUrl: string;
}

/** How soon Nova holds a service for down, in seconds. */
export interface Heartbeat {
  readonly reportInterval: number;
  readonly serviceDownTime: number;
}

/** Nova's own. */
export const novaDefaults: Heartbeat = { reportInterval: 10, serviceDownTime: 60 };
/** A dead nova-compute is down for Nova before the cluster has fenced its host, as it is at the defaults where a monitor is slow. */
export const quick: Heartbeat = { reportInterval: 1, serviceDownTime: 4 };

export function login({ username, password, project }: Login, keystoneUrl: string): string {
  return `auth_type = password
auth_url = ${keystoneUrl}
username = ${username}
password = ${password}
project_name = ${project}
user_domain_name = Default
project_domain_name = Default
region_name = ${region}`;
}

/** What api, conductor, scheduler and compute have in common. @param folder also its state, which must exist */
export function novaConf(folder: string, host: string, user: Login, places: Places, heartbeat: Heartbeat): string {
  const auth = login(user, places.keystoneUrl);
  return `[DEFAULT]
host = ${host}
my_ip = 127.0.0.1
state_path = ${folder}
transport_url = ${places.brokerUrl}
report_interval = ${heartbeat.reportInterval}
service_down_time = ${heartbeat.serviceDownTime}
compute_driver = fake.FakeDriver
# the fake driver forgets its guests with its process; Nova must not correct their power state
sync_power_state_interval = -1
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
update_resources_interval = 10
# else the scheduler looks for hosts only after up to a minute
periodic_fuzzy_delay = 0
[oslo_concurrency]
lock_path = ${folder}
[oslo_messaging_notifications]
driver = noop
[placement]
endpoint_override = ${places.placementUrl}
${auth}
[neutron]
endpoint_override = ${places.imagesUrl}
${auth}
[glance]
endpoint_override = ${places.imagesUrl}
[vnc]
enabled = false
`;
}
