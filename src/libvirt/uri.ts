import { UriError } from "./errors.ts";

/** Where a URI leads, and what the server is asked to open there. */
export interface Target {
  /** The URI as it was written, for messages: without what may be a password. */
  readonly shown: string;
  /** The driver's name: `qemu`, `test`. */
  readonly driver: string;
  readonly transport: Transport;
  /** The argument of CONNECT_OPEN: the URI without transport, host and the options that are for the client. */
  readonly serverUri: string;
  /** Whom auth.conf's `[auth-libvirt-HOST]` and DIGEST-MD5 mean: the URI's host, `localhost` without one. */
  readonly hostname: string;
  /** What `auth=` allows: everything without it. */
  readonly auth: { readonly type: "any" | "none" | "polkit" | "sasl"; readonly mechanism?: string };
  readonly authFile: string | undefined;
}

export type Transport =
  | {
      readonly kind: "unix";
      /** `socket=`: exactly this one. */
      readonly socket: string | undefined;
      readonly mode: "auto" | "legacy" | "direct";
      /** The user's own daemon, not the system's. */
      readonly session: boolean;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | {
      readonly kind: "tls";
      readonly host: string;
      readonly port: number;
      /** `pkipath=`: a folder with cacert.pem, clientcert.pem, clientkey.pem. */
      readonly pkiPath: string | undefined;
      /** `no_verify=1`: any server certificate will do. */
      readonly verify: boolean;
    };

const DEFAULT_TCP_PORT = 16_509;
const DEFAULT_TLS_PORT = 16_514;

/** For the client alone; everything else in the query is passed on to the server, as libvirt's own client does. */
const clientOptions = new Set([
  "name",
  "socket",
  "auth",
  "authfile",
  "mode",
  "pkipath",
  "no_verify",
  "no_sanity",
  "no_tty",
  "tls_priority",
  "proxy",
]);

/**
 * Reads a libvirt connection URI (https://libvirt.org/uri.html), e.g. `qemu:///system`, `qemu+tcp://[fd00::7]/system`.
 * @throws UriError
 */
export function parseUri(text: string): Target {
  const parts = /^([a-z0-9]+)(?:\+([a-z0-9]+))?:\/\/([^/?#\s]*)(\/[^?#\s]*)?(?:\?([^#\s]*))?$/i.exec(text.trim());
  if (parts === null) {
    throw new UriError(`${shown(text)} is not a libvirt URI; it looks like qemu:///system or qemu+tcp://HOST/system`);
  }
  const [, written = "", transportName, authority = "", path = "", query = ""] = parts;
  const driver = readDriver(written, text);
  const options = readQuery(query, text);
  const { host, port } = readAuthority(authority, text);
  const passed = [...options]
    .filter(([name]) => !clientOptions.has(name))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const name = options.get("name");
  return {
    shown: shown(text),
    driver,
    transport: readTransport({ transportName, host, port, path, options, text }),
    serverUri: name ?? `${driver}://${path}${passed.length > 0 ? `?${passed.join("&")}` : ""}`,
    hostname: host ?? "localhost",
    auth: readAuth(options.get("auth"), text),
    authFile: options.get("authfile"),
  };
}

/** libvirt's drivers for guests (https://libvirt.org/drivers.html). */
const drivers = new Set(
  "qemu lxc xen ch test bhyve vz parallels openvz vbox esx gsx vpx hyperv vmwareplayer vmwarews".split(" "),
);

function readDriver(written: string, text: string): string {
  const driver = written.toLowerCase();
  return drivers.has(driver)
    ? driver
    : fail(text, `names ${driver}, which is not a libvirt driver; a URI looks like qemu:///system`);
}

interface Parts {
  readonly transportName: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string;
  readonly options: ReadonlyMap<string, string>;
  readonly text: string;
}

function readTransport({ transportName, host, port, path, options, text }: Parts): Transport {
  // Without a transport, a host means TLS: libvirt's own rule.
  const kind = transportName?.toLowerCase() ?? (host === undefined ? "unix" : "tls");
  switch (kind) {
    case "unix": {
      if (host !== undefined) {
        throw new UriError(`${shown(text)}: a unix socket has no host; write qemu+unix:///system (three slashes)`);
      }
      const session = path === "/session" && process.getuid?.() !== 0;
      return { kind, socket: options.get("socket"), mode: readMode(options.get("mode"), text), session };
    }
    case "tcp":
      return { kind, host: needHost(host, text), port: port ?? DEFAULT_TCP_PORT };
    case "tls":
      return {
        kind,
        host: needHost(host, text),
        port: port ?? DEFAULT_TLS_PORT,
        pkiPath: options.get("pkipath"),
        verify: readVerify(options.get("no_verify"), text),
      };
    case "ssh":
    case "libssh":
    case "libssh2":
    case "ext":
      throw new UriError(`${shown(text)}: the transport ${kind} is not supported; use unix, tls or tcp`);
    default:
      throw new UriError(`${shown(text)}: there is no transport ${kind}; use unix, tls or tcp`);
  }
}

function needHost(host: string | undefined, text: string): string {
  return host ?? fail(text, "names no host");
}

function fail(text: string, what: string): never {
  throw new UriError(`${shown(text)} ${what}`);
}

/** A number, as for libvirt: whoever writes `no_verify=false` means the opposite of what a non-empty value would do. */
function readVerify(noVerify: string | undefined, text: string): boolean {
  if (noVerify === undefined) return true;
  return /^\d+$/.test(noVerify)
    ? Number(noVerify) === 0
    : fail(text, `has no_verify=${noVerify}; it may be 0 (check the server's certificate, the default) or 1`);
}

function readMode(mode: string | undefined, text: string): "auto" | "legacy" | "direct" {
  switch (mode) {
    case undefined:
    case "auto":
      return "auto";
    case "legacy":
    case "direct":
      return mode;
    default:
      return fail(text, `has mode=${mode}; it may be auto, legacy or direct`);
  }
}

function readAuth(auth: string | undefined, text: string): Target["auth"] {
  if (auth === undefined) return { type: "any" };
  const [type = "", mechanism] = auth.toLowerCase().split(/\.(.*)/s);
  if (type === "sasl") return { type, ...(mechanism ? { mechanism: mechanism.toUpperCase() } : {}) };
  if (type === "none" || type === "polkit") return { type };
  return fail(text, `has auth=${auth}; it may be none, polkit, sasl or sasl.MECHANISM`);
}

function readAuthority(authority: string, text: string): { host: string | undefined; port: number | undefined } {
  if (authority === "") return { host: undefined, port: undefined };
  const parts = /^(?:[^@]*@)?(\[[0-9a-f:.]+(?:%[^\]]+)?\]|[^[\]:@]+)(?::(\d+))?$/i.exec(authority);
  if (parts === null)
    return fail(text, "has no readable host; an IPv6 address goes in brackets: qemu+tls://[fd00::7]/system");
  const [, host = "", portText] = parts;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return fail(text, `has the port ${portText}`);
  // Of an address with a zone, [fe80::1%25eth0], the % is written as RFC 6874 has it.
  return { host: host.replace(/^\[|\]$/g, "").replace("%25", "%"), port };
}

function readQuery(query: string, text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const pair of query.split(/[&;]/).filter((pair) => pair !== "")) {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    try {
      // libvirt does not take + for a space.
      options.set(decodeURIComponent(name).toLowerCase(), decodeURIComponent(value));
    } catch {
      return fail(text, "has an option whose % is not followed by two hex digits");
    }
  }
  return options;
}

/**
 * The URI for a message. What precedes an @ may be a password, and one that nobody has encoded may hold anything, so that
 * all up to the last @ goes; a URI's other parts seldom have one.
 */
function shown(text: string): string {
  return JSON.stringify(
    text
      .trim()
      .replace(/^([a-z0-9+]+:\/\/)?.*@/is, "$1***@")
      .slice(0, 300),
  );
}
