import { inspect } from "node:util";

/** A value that must never be seen: it shows as `***` in logs, errors, JSON and dumps. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** For the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "***";
  }
}

/** Where the password of a device is. */
export type PasswordSource =
  | { readonly from: "value"; readonly value: Secret }
  /** The first line of a file on this host. */
  | { readonly from: "file"; readonly path: string }
  /** A program that prints it. */
  | { readonly from: "script"; readonly path: string }
  | { readonly from: "none" }
  /** There is one, but it cannot be read: a cibsecret (`lrm://`), a value that the cluster shows as stars. */
  | { readonly from: "unavailable"; readonly reason: string };

interface Device {
  /** The id of the cluster's resource, e.g. `st-node3`. */
  readonly id: string;
  /** Host name or address of the BMC. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly password: PasswordSource;
}

export interface IpmiDevice extends Device {
  readonly protocol: "ipmi";
  readonly interface: "lan" | "lanplus";
  readonly cipher?: number;
  /** callback, user, operator, administrator. */
  readonly privilege?: string;
  /** md5, password, none: how to log in by `lan`. */
  readonly auth?: string;
  /** Address of the host's own controller behind the one that is asked, as of a blade: `0x82`. */
  readonly target?: string;
}

export interface RedfishDevice extends Device {
  readonly protocol: "redfish";
  /** `ssl`: https. */
  readonly ssl: boolean;
  /** The certificate is not checked (`ssl_insecure`, `insecure`). */
  readonly insecure: boolean;
  /** `redfish_uri`, usually `/redfish/v1`. */
  readonly uri: string;
  /** `systems_uri`: the system's own path; undefined: the first member of the service's collection. */
  readonly systemsUri?: string;
}

/** A fencing device whose power state can be asked over the network. In memory only: it carries a secret. */
export type FencingDevice = IpmiDevice | RedfishDevice;

export interface FencingLookup {
  /** In the order in which the cluster would try them; empty if none can be asked. */
  readonly devices: readonly FencingDevice[];
  /** Why there are none, or not all. */
  readonly problem?: string;
}

/** `off` is proof that the host runs nothing. `unknown` has a reason. */
export interface PowerResult {
  readonly power: "on" | "off" | "unknown";
  /** One phrase for the log, without secrets: `BMC 10.0.0.3 did not answer within 5 s`. */
  readonly reason: string;
}
