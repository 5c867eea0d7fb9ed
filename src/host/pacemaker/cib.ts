import type { XmlElement } from "@rgrove/parse-xml";
import { childrenOf, descendants, NotUnderstoodError, parseDocument } from "./xml.ts";

/** A resource of class `stonith`, with its parameters resolved. */
export interface FencingResource {
  readonly id: string;
  /** `external/ipmi`, `fence_ipmilan`, … */
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The fencing resources of a CIB (`cibadmin --query`), wherever they stand: in groups, clones, bundles or by themselves, also by a
 * template or a shared set of parameters. Those that a fencing level of the host names come first, in its order.
 * @throws NotUnderstoodError
 */
export function fencingResources(cib: string, host: string | undefined): readonly FencingResource[] {
  const configuration = configurationOf(parseDocument(cib));
  const byId = new Map<string, XmlElement>();
  for (const element of descendants(configuration)) {
    if (element.attributes.id !== undefined) byId.set(element.attributes.id, element);
  }
  const resources = childrenOf(configuration, "resources").flatMap((all) => [...descendants(all)]);
  const found = resources
    .filter(({ name }) => name === "primitive")
    .flatMap((primitive) => resourceOf(primitive, byId));
  const order = host === undefined ? [] : levelsOf(configuration, host);
  const rank = ({ id }: FencingResource): number => (order.includes(id) ? order.indexOf(id) : order.length);
  return found.toSorted((one, other) => rank(one) - rank(other));
}

/** The names of the cluster's nodes, in lower case. @throws NotUnderstoodError */
export function nodeNames(cib: string): ReadonlySet<string> {
  const nodes = childrenOf(configurationOf(parseDocument(cib)), "nodes").flatMap((all) => childrenOf(all, "node"));
  return new Set(nodes.flatMap(({ attributes: { uname } }) => uname?.toLowerCase() ?? []));
}

/**
 * Whether the cluster may fence several hosts at once; undefined where its configuration leaves that to how Pacemaker was built.
 * @throws NotUnderstoodError
 */
export function fencesConcurrently(cib: string): boolean | undefined {
  const config = childrenOf(configurationOf(parseDocument(cib)), "crm_config").flatMap((all) => [...descendants(all)]);
  const set = config.find(({ name, attributes }) => name === "nvpair" && attributes.name === "concurrent-fencing");
  return set === undefined ? undefined : /^(1|on|y|yes|true)$/i.test(set.attributes.value ?? "");
}

function configurationOf(root: XmlElement): XmlElement {
  const [configuration] = childrenOf(root, "configuration");
  if (root.name !== "cib" || configuration === undefined) throw new NotUnderstoodError("no configuration in the CIB");
  return configuration;
}

function resourceOf(primitive: XmlElement, byId: ReadonlyMap<string, XmlElement>): FencingResource[] {
  const template = byId.get(primitive.attributes.template ?? "");
  const { class: kind, type } = { ...template?.attributes, ...primitive.attributes };
  if (kind !== "stonith" || type === undefined) return [];
  const parameters = {
    ...(template === undefined ? {} : parametersOf(template, byId)),
    ...parametersOf(primitive, byId),
  };
  return [{ id: primitive.attributes.id ?? "", agent: type, parameters }];
}

/** The first set that has a parameter wins, in document order; rules are not evaluated. */
function parametersOf(element: XmlElement, byId: ReadonlyMap<string, XmlElement>): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const set of childrenOf(element, "instance_attributes").map((one) => referredTo(one, byId))) {
    for (const pair of childrenOf(set, "nvpair").map((one) => referredTo(one, byId))) {
      const { name, value } = pair.attributes;
      if (name !== undefined && value !== undefined) parameters[name] ??= value;
    }
  }
  return parameters;
}

const referredTo = (element: XmlElement, byId: ReadonlyMap<string, XmlElement>): XmlElement =>
  byId.get(element.attributes["id-ref"] ?? "") ?? element;

/** The ids of the devices that the host's fencing levels name, lowest level first. */
function levelsOf(configuration: XmlElement, host: string): readonly string[] {
  return childrenOf(configuration, "fencing-topology")
    .flatMap((topology) => childrenOf(topology, "fencing-level"))
    .filter(({ attributes }) => attributes.target?.toLowerCase() === host.toLowerCase())
    .toSorted((one, other) => Number(one.attributes.index) - Number(other.attributes.index))
    .flatMap(({ attributes }) => (attributes.devices ?? "").split(","));
}
