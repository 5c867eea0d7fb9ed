import type { FencingDevice, FencingLookup, IpmiDevice, PasswordSource, RedfishDevice } from "../fencing-device.ts";
import { Secret } from "../fencing-device.ts";
import { type FencingResource, fencesConcurrently, fencingResources } from "./cib.ts";
import { targetsOf } from "./fencing-targets.ts";
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
  const found = resources.filter((resource) => host === undefined || targetsOf(resource).has(host)).map(deviceOf);
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

/** @returns why it cannot be asked, if it cannot */
function deviceOf({ id, agent, parameters }: FencingResource): FencingDevice | string {
  const known = agent === "external/ipmi" ? externalIpmi(parameters) : fenceAgent(agent, parameters);
  if (typeof known === "string") return `${id}: ${known}`;
  if (known.address === "") return `${id}: no address of the BMC is set`;
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

function fenceAgent(agent: string, parameters: Parameters): Known | string {
  const common = {
    address: parameters.ip ?? parameters.ipaddr ?? "",
    ...optional("user", parameters.username ?? parameters.login),
    ...optional("port", portOf(parameters.ipport)),
    password: agentPassword(parameters),
  };
  const fallback = Object.hasOwn(IPMI_AGENTS, agent) ? IPMI_AGENTS[agent] : undefined;
  if (fallback !== undefined) {
    const link = parameters.lanplus === undefined ? fallback : isOn(parameters.lanplus) ? "lanplus" : "lan";
    const cipher = parameters.cipher === undefined ? undefined : Number(parameters.cipher);
    // fence_ipmilan asks for the administrator's privilege unless another is set.
    const privilege = parameters.privlvl ?? "administrator";
    return { protocol: "ipmi", ...common, interface: link, privilege, ...optional("cipher", cipher) };
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
