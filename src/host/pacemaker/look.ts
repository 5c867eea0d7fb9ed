import { hostname as systemHostname } from "node:os";
import type { ClusterObservation, DriverConfig, DriverProblem, SelfObservation } from "../driver.ts";
import { nothingKnown } from "../nothing-known.ts";
import { type Controller, Controllers, type Question } from "./controller.ts";
import { type CrmMon, type CrmNode, parseCrmMon } from "./crm-mon.ts";
import { type Contact, contactOf, joinsOf } from "./heartbeat.ts";
import { hostsOf, isLost, quorumOf } from "./hosts.ts";
import type { PacketListener } from "./packets.ts";
import { CONTROLLER, MEMBERSHIP, OWN_NODE, PACEMAKER, SAME_NAMES } from "./problems.ts";
import { DOCUMENT_LIMIT, type ToolResult, type Tools, type ToolsParts } from "./tools.ts";
import { NotUnderstoodError } from "./xml.ts";

export interface LookParts extends ToolsParts {
  /** `[DEFAULT] hostname`. */
  readonly hostname: string;
  readonly config: () => DriverConfig;
  readonly tools: Tools;
  readonly packets: PacketListener;
  /** As in `ControllersParts`. */
  readonly onLate?: (() => void) | undefined;
}

/** What is asked before crm_mon has shown which node this is. */
interface Early {
  readonly controller: Question | undefined;
  readonly joins: Promise<ToolResult> | undefined;
}

/** On a remote node it takes 0.4 s; on a busy host a second. */
const CRM_MON_LIMIT_MS = 10_000;

/** Looks at the cluster from this host. What it remembers between looks is only since when a host has been lost, and its own node's name. */
export class Looker {
  readonly #parts: LookParts;
  readonly #controllers: Controllers;
  #lostSince = new Map<string, number>();
  /** Of this host as a member at the latest look. */
  #ownMember: string | undefined;

  constructor(parts: LookParts) {
    this.#parts = parts;
    this.#controllers = new Controllers(parts);
  }

  /** One look; `interrupted` is the caller's to set. Never throws. */
  async look(signal: AbortSignal): Promise<Omit<ClusterObservation, "interrupted">> {
    const { tools, packets, clock } = this.#parts;
    const at = clock.now();
    const showing = this.#crmMon(signal);
    const early = this.#askEarly(signal);
    const crm = await showing;
    if ("problem" in crm) {
      this.#lostSince.clear();
      // It must have ended before the next look.
      await early.joins;
      return { ...nothingKnown("the cluster does not answer"), at, problems: [{ ...PACEMAKER, problem: crm.problem }] };
    }
    const own = this.#ownNode(crm);
    const isMember = this.#isMember(own);
    this.#ownMember = isMember ? own?.name : undefined;
    const question = this.#ask(early, signal);
    // After crm_mon, so that Corosync has dropped a host that crm_mon shows as lost, and a minority is known as one before Pacemaker knows it.
    const contact = isMember
      ? await contactOf({ tools, packets, joins: early.joins ?? joinsOf(tools, signal) }, signal)
      : contactOfRemote;
    const isChecked = contact.members !== undefined;
    const controller = question && (await this.#controllers.now(question, isChecked, signal));
    this.#remember(crm);
    const hosts = hostsOf(crm, { ...contact, lostForMs: (name) => this.#lostForMs(name) });
    return {
      kind: "cluster",
      at,
      self: selfOf(own, crm, contact, controller),
      quorum: quorumOf(crm, contact),
      heartbeat: contact.heartbeat,
      complete: crm.hasDc,
      hosts,
      maintenance: { cluster: crm.maintenanceMode === undefined ? "unknown" : crm.maintenanceMode ? "yes" : "no" },
      fencing: crm.fencing,
      problems: [...contact.problems, ...this.#problems(crm, own, isMember, contact, controller)],
    };
  }

  async #crmMon(signal: AbortSignal): Promise<CrmMon | { readonly problem: string }> {
    const limits = { timeoutMs: CRM_MON_LIMIT_MS, outputLimit: DOCUMENT_LIMIT, often: true };
    const result = await this.#parts.tools.run(["crm_mon", "-X"], limits, signal);
    if (result.kind !== "output") return { problem: advice[result.kind](result.reason) };
    try {
      return parseCrmMon(result.text);
    } catch (error) {
      if (!(error instanceof NotUnderstoodError)) throw error;
      return { problem: `the output of crm_mon -X is not understood: ${error.message}` };
    }
  }

  /**
   * What is asked at the same time as crm_mon, which takes as long: a controller that joins or hangs does so for longer than a look, and
   * of Corosync's members only how often they joined counts. Nothing at the first look, nor on a remote node.
   */
  #askEarly(signal: AbortSignal): Early {
    const member = this.#ownMember;
    if (member === undefined) return { controller: undefined, joins: undefined };
    return { controller: this.#controllers.ask(member, signal), joins: joinsOf(this.#parts.tools, signal) };
  }

  /** The question to the controller, which may have been asked of another name before. */
  #ask({ controller }: Early, signal: AbortSignal): Question | undefined {
    const member = this.#ownMember;
    if (member === undefined) return undefined;
    return controller?.node === member ? controller : this.#controllers.ask(member, signal);
  }

  #ownNode({ nodes }: CrmMon): CrmNode | undefined {
    const names = [this.#parts.hostname, systemHostname()];
    const candidates = [...names, ...names.map((name) => name.split(".", 1)[0] ?? "")];
    for (const candidate of candidates) {
      const node = nodes.find(({ name }) => name === candidate);
      if (node !== undefined) return node;
    }
    return undefined;
  }

  #isMember(own: CrmNode | undefined): boolean {
    const { pacemaker_node_type: type } = this.#parts.config().host;
    return type === "autodetect" ? own?.type !== "remote" : type === "cluster";
  }

  #remember(crm: CrmMon): void {
    const { mono } = this.#parts.clock.now();
    const lost = crm.nodes.filter((node) => isLost(node, crm));
    this.#lostSince = new Map(lost.map(({ name }) => [name, this.#lostSince.get(name) ?? mono]));
  }

  #lostForMs(name: string): number {
    const { mono } = this.#parts.clock.now();
    return mono - (this.#lostSince.get(name) ?? mono);
  }

  #problems(
    crm: CrmMon,
    own: CrmNode | undefined,
    isMember: boolean,
    { members, isCorosyncHung }: Contact,
    controller: Controller | undefined,
  ): readonly DriverProblem[] {
    const problems: DriverProblem[] = [];
    if (!crm.hasDc) problems.push({ ...PACEMAKER, problem: "the cluster has no designated controller" });
    if (own === undefined && crm.hasDc) {
      const problem = `none of the cluster's nodes is called ${this.#parts.hostname}; set [DEFAULT] hostname to this node's name in crm_mon`;
      problems.push({ ...OWN_NODE, problem });
    }
    const twice = crm.nodes.filter(({ isTwice }) => isTwice).map(({ name }) => name);
    if (twice.length > 0) {
      const problem = `several nodes of the cluster are called ${twice.slice(0, 3).join(", ")}; remove the one that is gone (crm_node --force --remove ID)`;
      problems.push({ ...SAME_NAMES, problem });
    }
    if (controller?.kind === "unknown") problems.push({ ...CONTROLLER, problem: controller.reason });
    if (isMember && members === undefined && !isCorosyncHung) {
      problems.push({
        ...MEMBERSHIP,
        problem: "this user cannot run corosync-cmapctl; run the monitor as root or with the primary group haclient",
      });
    }
    return problems;
  }
}

const advice = {
  denied: (reason: string) =>
    `no right to run crm_mon -X (${reason}); allow it in sudoers, or add this user to the group haclient`,
  missing: () => "crm_mon is not installed; install pacemaker-cli-utils",
  notRunning: (reason: string) => `Pacemaker does not run on this host (${reason})`,
  hung: (reason: string) => reason,
  failed: (reason: string) => reason,
} as const;

/** A remote node has no Corosync: crm_mon works there through its connection to a member, so its output is contact. */
const contactOfRemote: Contact = {
  heartbeat: "heard",
  quorate: undefined,
  members: undefined,
  isCorosyncHung: false,
  problems: [],
};

function selfOf(
  own: CrmNode | undefined,
  crm: CrmMon,
  { isCorosyncHung }: Contact,
  controller: Controller | undefined,
): SelfObservation {
  const name = own?.name;
  const unstable = (reason: string): SelfObservation => ({ name, stable: "no", reason });
  if (isCorosyncHung) return unstable("its Corosync does not answer");
  if (!crm.hasDc) return unstable("the cluster has no designated controller");
  if (own === undefined) return { name, stable: "unknown", reason: "it is not known which node of the cluster it is" };
  const working = own.type === "remote" ? "remote" : "running";
  if (crm.daemon !== undefined && crm.daemon !== working) return unstable(`its pacemakerd is ${crm.daemon}`);
  if (own.isTwice) return { name, stable: "unknown", reason: "several nodes of the cluster have this host's name" };
  if (!own.online) return unstable("the cluster shows it as offline");
  if (own.pending) return unstable("it is joining the cluster");
  if (own.unclean) return unstable("the cluster is about to fence it");
  if (own.shutdown) return unstable("its cluster stack is stopping");
  return controller?.kind === "unsettled" ? unstable(controller.reason) : { name, stable: "yes" };
}
