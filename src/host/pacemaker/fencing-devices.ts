import type { FencingDevice, FencingLookup, IpmiDevice, PasswordSource, RedfishDevice } from "../fencing-device.ts";
import { Secret } from "../fencing-device.ts";
import { type FencingResource, fencesConcurrently, fencingResources, nodeNames } from "./cib.ts";
import { aliasOf, targetsOf } from "./fencing-targets.ts";
import { DOCUMENT_LIMIT, type ToolResult, type Tools } from "./tools.ts";
import { NotUnderstoodError } from "./xml.ts";

/** On a remote node it takes 0.4 s. */
const CIBADMIN_LIMIT_MS = 10_000;

/** The fencing devices of the cluster's configuration, which is read again each time, but once for all hosts that are lost at a moment. */
export class FencingDevices {
  readonly #tools: Tools;
  #reading: Promise<ToolResult> | undefined;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /**
   * The devices that fence a host.
   * @param host undefined: of any host, to see whether there are any
   * @param signal ends the reading for all who wait for it: that of sensing, not that of one host's check
   */
  async find(host: string | undefined, signal: AbortSignal): Promise<FencingLookup> {
    const result = await this.#query(signal);
    if (result.kind !== "output")
      return { devices: [], problem: `the cluster's configuration cannot be read: ${result.reason}` };
    try {
      return devicesIn(result.text, host);
    } catch (error) {
      if (!(error instanceof NotUnderstoodError)) throw error;
      return { devices: [], problem: `the output of cibadmin --query is not understood: ${error.message}` };
    }
  }

  /** Why a lost host may not be fenced before another one is; undefined if it may, or that cannot be read. */
  async orderProblem(signal: AbortSignal): Promise<string | undefined> {
    const result = await this.#query(signal);
    try {
      return result.kind === "output" ? whyOneByOne(result.text) : undefined;
    } catch (error) {
      if (!(error instanceof NotUnderstoodError)) throw error;
      return undefined;
    }
  }

  async #query(signal: AbortSignal): Promise<ToolResult> {
    this.#reading ??= this.#read(signal).finally(() => {
      this.#reading = undefined;
    });
    return await this.#reading;
  }

  async #read(signal: AbortSignal): Promise<ToolResult> {
    const limits = { timeoutMs: CIBADMIN_LIMIT_MS, outputLimit: DOCUMENT_LIMIT };
    return await this.#tools.run(["cibadmin", "--query"], limits, signal);
  }
}

/** @throws NotUnderstoodError */
export function whyOneByOne(cib: string): string | undefined {
  if (fencesConcurrently(cib) === true || fencingResources(cib, undefined).length === 0) return undefined;
  return "the cluster may fence one host after another: its property concurrent-fencing is not true (crm_attribute -n concurrent-fencing -v true)";
}

/** @throws NotUnderstoodError */
export function devicesIn(cib: string, host: string | undefined): FencingLookup {
  const resources = fencingResources(cib, host);
  if (resources.length === 0) return { devices: [], problem: "the cluster has no fencing devices" };
  const nodes = nodeNames(cib);
  const found = resources
    .filter((resource) => host === undefined || targetsOf(resource).has(host.toLowerCase()))
    .map((resource) => deviceOf(resource, host, nodes));
  const devices = found.filter((device): device is FencingDevice => typeof device !== "string");
  const problems = found.filter((device) => typeof device === "string");
  if (found.length === 0) return { devices, problem: `no fencing device of the cluster names ${host} as its host` };
  return problems.length === 0 ? { devices } : { devices, problem: problems.join("; ") };
}

/** fence-agents's names of one program, fence_ipmilan; those here speak lanplus unless they are configured not to. */
const IPMI_AGENTS: Readonly<Record<string, IpmiDevice["interface"]>> = {
  fence_ipmilan: "lan",
  fence_idrac: "lan",
  fence_imm: "lan",
  fence_ipmilanplus: "lanplus",
  fence_ilo3: "lanplus",
  fence_ilo4: "lanplus",
  fence_ilo5: "lanplus",
};

/**
 * @param host undefined: any that it fences
 * @param nodes of the cluster, in lower case
 * @returns why it cannot be asked, if it cannot
 */
function deviceOf(
  resource: FencingResource,
  host: string | undefined,
  nodes: ReadonlySet<string>,
): FencingDevice | string {
  const { id, agent, parameters } = resource;
  const known = agent === "external/ipmi" ? externalIpmi(parameters) : fenceAgent(resource, host);
  if (typeof known === "string") return `${id}: ${known}`;
  if (known.address === "") return `${id}: no address of the BMC is set`;
  const others = [...targetsOf(resource)].filter((name) => nodes.has(name) && name !== host?.toLowerCase());
  if (host !== undefined && others.length > 0 && plugOf(agentParameters(parameters)) !== "host")
    return `${id}: it fences ${others.slice(0, 3).join(", ")} too, and it is not known of which host its BMC is`;
  return { id, ...known };
}

type Known = Omit<IpmiDevice, "id"> | Omit<RedfishDevice, "id">;
type Parameters = FencingResource["parameters"];

/** cluster-glue's plug-in (lib/plugins/stonith/external/ipmi). */
function externalIpmi(parameters: Parameters): Known | string {
  const { ipaddr = "", userid, passwd, passwd_method: method = "param", interface: link = "lan" } = parameters;
  if (link !== "lan" && link !== "lanplus") return `its interface ${link} is not over a network`;
  return {
    protocol: "ipmi",
    address: ipaddr,
    interface: link,
    ...optional("user", userid),
    ...optional("privilege", parameters.priv),
    ...optional("port", portOf(parameters.ipport)),
    password: method === "file" ? { from: "file", path: passwd ?? "" } : passwordOf(passwd),
  };
}

function fenceAgent(resource: FencingResource, host: string | undefined): Known | string {
  const { agent } = resource;
  const parameters = agentParameters(resource.parameters);
  const common = {
    ...addressOf(resource, parameters, host),
    ...optional("user", parameters.username ?? parameters.login),
    password: agentPassword(parameters),
  };
  const link = Object.hasOwn(IPMI_AGENTS, agent) ? IPMI_AGENTS[agent] : undefined;
  if (link !== undefined) {
    const more = ipmiOptions(parameters);
    if (typeof more === "string") return more;
    const chosen = isOn(parameters.lanplus) ? "lanplus" : isOff(parameters.lanplus) ? "lan" : link;
    return { protocol: "ipmi", ...common, interface: chosen, ...more };
  }
  if (agent !== "fence_redfish") return `its agent ${agent} offers no power state that this monitor can query`;
  return {
    protocol: "redfish",
    ...common,
    ssl: !isOff(parameters.ssl),
    insecure: isOn(parameters.ssl_insecure),
    uri: parameters.redfish_uri ?? "/redfish/v1",
    ...optional("systemsUri", parameters.systems_uri),
  };
}

/** As fence-agents reads them: `-` and `_` in a name are the same, quotes around a value are not part of it, and an empty one counts as none. */
function agentParameters(parameters: Parameters): Parameters {
  const entries = Object.entries(parameters).map(
    ([name, value]) => [name.replaceAll("-", "_"), value.trimEnd().replace(/^"(.*)"$/, "$1")] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/**
 * One device of many BMCs: `port_as_ip`, with whatever value, makes the plug the address of the BMC. Pacemaker passes the host for it, unless one is set.
 * @returns `host`, the plug that is set, or undefined where the plug is no address
 */
function plugOf({ port_as_ip: alias, pcmk_host_argument: argument, plug, port }: Parameters): string | undefined {
  if ((!isOn(alias) && !isOff(alias)) || argument?.toLowerCase() === "none") return undefined;
  const set = plug ?? port ?? "dynamic";
  return set.toLowerCase() === "dynamic" ? "host" : set;
}

function addressOf(
  resource: FencingResource,
  parameters: Parameters,
  host: string | undefined,
): { readonly address: string; readonly port?: number } {
  const port = optional("port", portOf(parameters.ipport));
  const plug = plugOf(parameters);
  if (plug !== undefined) {
    const [any = ""] = targetsOf(resource);
    const target = host ?? any;
    return { address: plug === "host" ? (aliasOf(resource, target) ?? target) : plug, ...port };
  }
  const address = parameters.ip ?? parameters.ipaddr ?? "";
  // fence_redfish's earlier way to give a port.
  const [, name, ofAddress] = /^([^:]+):(\d{1,5})$/.exec(address) ?? [];
  return name === undefined ? { address, ...port } : { address: name, ...optional("port", portOf(ofAddress)) };
}

/** @returns why the BMC cannot be asked so */
function ipmiOptions(parameters: Parameters): Pick<IpmiDevice, "auth" | "cipher" | "privilege" | "target"> | string {
  const { auth, cipher, hexadecimal_kg: key, target } = parameters;
  if (key !== undefined) return "it needs a key (hexadecimal_kg), which ipmitool would show to every user of this host";
  // Asked otherwise, another controller would answer than that of the host.
  if (target !== undefined && !/^(0x[\da-f]{1,2}|\d{1,3})$/i.test(target))
    return "its target is not an address of IPMI";
  return {
    // fence_ipmilan asks for the administrator's privilege unless another is set.
    privilege: parameters.privlvl ?? "administrator",
    ...optional("cipher", cipher !== undefined && /^\d{1,2}$/.test(cipher) ? Number(cipher) : undefined),
    ...optional("auth", auth !== undefined && /^(md5|password|none)$/i.test(auth) ? auth : undefined),
    ...optional("target", target),
  };
}

function agentPassword(parameters: Parameters): PasswordSource {
  const script = parameters.password_script ?? parameters.passwd_script;
  if (script !== undefined) return { from: "script", path: script };
  return passwordOf(parameters.password ?? parameters.passwd);
}

function passwordOf(value: string | undefined): PasswordSource {
  if (value === undefined) return { from: "none" };
  if (value.startsWith("lrm://")) return { from: "unavailable", reason: "it is a secret of the cluster (cibsecret)" };
  // What a user whom ACLs do not allow to read it gets, and crm's and pcs's masks.
  if (/^\*+$/.test(value)) return { from: "unavailable", reason: "the cluster hides it from this user" };
  return { from: "value", value: new Secret(value) };
}

const isOn = (value: string | undefined): boolean => /^(1|on|y|yes|true)$/i.test(value ?? "");
const isOff = (value: string | undefined): boolean => /^(0|off|n|no|false)$/i.test(value ?? "");

function portOf(value: string | undefined): number | undefined {
  const port = Number(value);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
