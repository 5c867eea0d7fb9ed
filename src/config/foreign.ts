/**
 * Names that upstream's generator and deployment tools (Kolla, OpenStack-Ansible, the charms, Debian, Puppet) write into the
 * monitors' files, although only other programs have them. Nobody mistyped them, so nobody is warned.
 */

/** Sections of the libraries that services share, and of services that share a file with the monitors. */
const sections: ReadonlySet<string> = new Set([
  "cache",
  "coordination",
  "cors",
  "database",
  "healthcheck",
  "keystone_authtoken",
  "osapi_v1",
  "oslo_concurrency",
  "oslo_limit",
  "oslo_messaging_amqp",
  "oslo_messaging_kafka",
  "oslo_messaging_metrics",
  "oslo_messaging_notifications",
  "oslo_messaging_rabbit",
  "oslo_middleware",
  "oslo_policy",
  "oslo_reports",
  "oslo_versionedobjects",
  "privsep",
  "profiler",
  "service_auth",
  "service_user",
  "ssl",
  "taskflow",
  "wsgi",
]);

const keystonemiddleware = "an option of services that check tokens (keystonemiddleware)";
const messaging = "an option of services on a message bus (oslo.messaging)";
const masakari = "an option of masakari-api and masakari-engine";
const removed = "an option that the Python monitors do not have any more";

/** Options by section, and whose they are. */
const options: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  DEFAULT: {
    [messaging]: [
      "conn_pool_min_size",
      "conn_pool_ttl",
      "control_exchange",
      "executor_thread_pool_size",
      "rpc_conn_pool_size",
      "rpc_ping_enabled",
      "rpc_response_timeout",
      "transport_url",
    ],
    [masakari]: ["auth_strategy", "my_ip", "use_ssl"],
    [removed]: ["lock_path", "use_syslog_rfc_format", "verbose"],
  },
  api: {
    [keystonemiddleware]: [
      "auth_uri",
      "auth_version",
      "cache",
      "delay_auth_decision",
      "enforce_token_bind",
      "http_connect_timeout",
      "http_request_max_retries",
      "include_service_catalog",
      "interface",
      "memcache_pool_conn_get_timeout",
      "memcache_pool_dead_retry",
      "memcache_pool_maxsize",
      "memcache_pool_socket_timeout",
      "memcache_pool_unused_timeout",
      "memcache_secret_key",
      "memcache_security_strategy",
      "memcache_servers",
      "memcache_use_advanced_pool",
      "memcached_servers",
      "region_name",
      "service_token_roles",
      "service_token_roles_required",
      "token_cache_time",
      "www_authenticate_uri",
    ],
  },
  introspectiveinstancemonitor: { [removed]: ["callback_paused_event"] },
};

/** What whoever sets one of these probably meant, unless that is set beside it. */
const meant: Readonly<Record<string, string>> = {
  auth_uri: "auth_url",
  interface: "api_interface",
  region_name: "region",
};

/** Whether the section is only ever read by other programs. @param section in lower case, but for DEFAULT */
export const isForeignSection = (section: string): boolean => sections.has(section);

/**
 * Whose option this is, if it is known to be another program's.
 * @param isSet whether the section sets an option
 * @returns undefined for what may be a mistake
 */
export function foreignOption(section: string, name: string, isSet: (option: string) => boolean): string | undefined {
  const instead = section === "api" ? meant[name] : undefined;
  if (instead !== undefined && !isSet(instead)) return undefined;
  return Object.entries(options[section] ?? {}).find(([, names]) => names.includes(name))?.[0];
}
