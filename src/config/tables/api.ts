import type { SectionTable } from "../option.ts";

/**
 * How Masakari is reached: upstream's own options, keystoneauth's session options (keystoneauth1/loading/session.py)
 * and the options of its plugins (`get_auth_plugin_conf_options` of every auth_type listed).
 */
export const apiTable = {
  help: "How Keystone and Masakari are reached.",
  options: {
    region: {
      type: "string",
      default: "RegionOne",
      help: "Region of the catalog's Masakari endpoint. Empty: any. An endpoint without a region counts for each region that has none of its own.",
    },
    api_version: { type: "string", default: "v1", help: "Version of Masakari's API." },
    api_interface: {
      type: "choice",
      choices: ["public", "internal", "admin", "publicURL", "internalURL", "adminURL"],
      ignoreCase: true,
      emptyIsDefault: true,
      default: "public",
      help: "Interface of the catalog's Masakari endpoint. publicURL and the like are its old names; empty means public.",
    },
    service_type: {
      type: "string",
      default: "instance-ha",
      ours: true,
      help: "Type of Masakari's service in the catalog. instance-ha and ha stand for each other.",
    },
    cafile: {
      type: "string",
      help: "PEM file of the authorities that servers' certificates must come from. Without it: the system's.",
    },
    certfile: { type: "string", help: "PEM file of the client certificate." },
    keyfile: { type: "string", help: "PEM file of the client certificate's key, if not in certfile." },
    insecure: { type: "bool", default: false, help: "Do not verify servers' certificates." },
    timeout: {
      type: "int",
      default: 30,
      min: 1,
      help: "Seconds that a request may take. The Python monitors have no limit, and hang for ever on an API that accepts and never answers.",
    },
    proxy_loopback: {
      type: "bool",
      default: false,
      ours: true,
      help: "Use the proxy that http_proxy and the like name also for localhost, 127.0.0.0/8 and ::1, as the Python monitors do.",
    },
    collect_timing: {
      type: "bool",
      default: false,
      noEffect: "`status --json` has the times of decisions and deliveries",
      help: "Collect times of requests.",
    },
    split_loggers: {
      type: "bool",
      default: false,
      noEffect: "requests are logged by one logger",
      help: "Log parts of requests by different loggers.",
    },
    auth_section: { type: "string", help: "Another section from which the options of Keystone's login are read." },
    auth_type: {
      type: "choice",
      choices: [
        "password",
        "v3password",
        "token",
        "v3token",
        "v3applicationcredential",
        "none",
        "noauth",
        "admin_token",
        "http_basic",
      ],
      default: "password",
      deprecated: [{ name: "auth_plugin" }],
      plugin: true,
      help: "How to log in to Keystone; none, noauth, admin_token and http_basic go without it and need endpoint.",
    },
    auth_url: { type: "string", plugin: true, help: "URL of Keystone, e.g. http://controller:5000/v3." },
    username: {
      type: "string",
      plugin: true,
      deprecated: [{ name: "user-name" }],
      help: "Name of the user.",
    },
    user_id: { type: "string", plugin: true, help: "ID of the user, instead of the name and its domain." },
    password: { type: "string", secret: true, plugin: true, help: "Password of the user." },
    user_domain_name: { type: "string", plugin: true, help: "Name of the user's domain." },
    user_domain_id: { type: "string", plugin: true, help: "ID of the user's domain." },
    project_name: {
      type: "string",
      plugin: true,
      deprecated: [{ name: "tenant-name" }],
      help: "Name of the project.",
    },
    project_id: {
      type: "string",
      plugin: true,
      deprecated: [{ name: "tenant-id" }],
      help: "ID of the project, instead of the name and its domain.",
    },
    project_domain_name: { type: "string", plugin: true, help: "Name of the project's domain." },
    project_domain_id: { type: "string", plugin: true, help: "ID of the project's domain." },
    domain_name: {
      type: "string",
      plugin: true,
      help: "Name of a domain to log in to. Beside project_name, with no user or project domain: the domain of both.",
    },
    domain_id: {
      type: "string",
      plugin: true,
      help: "ID of a domain to log in to. Beside project_name, with no user or project domain: the domain of both.",
    },
    default_domain_name: {
      type: "string",
      plugin: true,
      help: "Name of the domain of user and project where none is given.",
    },
    default_domain_id: {
      type: "string",
      plugin: true,
      help: "ID of the domain of user and project where none is given.",
    },
    system_scope: { type: "string", plugin: true, help: "all: log in to the whole system instead of a project." },
    trust_id: { type: "string", plugin: true, help: "ID of a trust to log in with." },
    token: { type: "string", secret: true, plugin: true, help: "Token to log in with." },
    application_credential_id: { type: "string", plugin: true, help: "ID of the application credential." },
    application_credential_name: {
      type: "string",
      plugin: true,
      help: "Name of the application credential; needs the user too.",
    },
    application_credential_secret: {
      type: "string",
      secret: true,
      plugin: true,
      help: "Secret of the application credential.",
    },
    endpoint: { type: "string", plugin: true, help: "URL of Masakari's API, instead of the catalog's." },
  },
} as const satisfies SectionTable;
