import { parseXml, XmlElement } from "@rgrove/parse-xml";
import type { Agent } from "./observation.ts";

/** A domain's XML that is too long, or no XML. */
export class DomainXmlError extends Error {
  readonly code = "DOMAIN_XML";
  override readonly name = "DomainXmlError";
}

/** The state of a guest's agent, by its XML. */
export interface AgentChannel {
  readonly agent: Agent;
  /** The path of a channel that the pattern does not match, if there is none that it does. */
  readonly unmatched: string | undefined;
}

/** The channel that libvirt sends agent commands to. */
const AGENT_CHANNEL = "org.qemu.guest_agent.0";
/** Characters. A guest with 500 disks has less; to parse so much takes under a second without V8's compilers. */
const LONGEST_XML = 512 * 1024;
/** Characters. No socket can be bound at a longer path (sun_path has 108 bytes), and a pattern's time may grow with its square. */
const LONGEST_PATH = 256;
const LONGEST_REASON = 200;

/**
 * How the guest agent's channel is, by the guest's live XML. It is one that libvirt binds at a path that the pattern matches,
 * wherever it stands among the channels (the Python monitor looks at the first channel only).
 * @throws DomainXmlError
 */
export function agentChannel(xml: string, pattern: RegExp): AgentChannel {
  const bound = channelsOf(xml).filter(({ mode, path = "" }) => mode === "bind" && path !== "");
  const matching = bound.filter(({ path = "" }) => path.length <= LONGEST_PATH && pattern.test(path));
  const channel = matching.find(({ name }) => name === AGENT_CHANNEL) ?? matching[0];
  if (!channel) return { agent: "none", unmatched: bound[0]?.path?.slice(0, LONGEST_PATH) };
  // A libvirt that does not know the state leaves it out; the pings will show it.
  return { agent: channel.state === "disconnected" ? "disconnected" : "connected", unmatched: undefined };
}

interface Channel {
  readonly mode: string | undefined;
  readonly path: string | undefined;
  readonly name: string | undefined;
  readonly state: string | undefined;
}

function channelsOf(xml: string): readonly Channel[] {
  const root = rootOf(xml);
  if (root?.name !== "domain") throw new DomainXmlError("it is not a domain");
  return childrenOf([root], "devices").flatMap((devices) =>
    childrenOf([devices], "channel").map((channel) => {
      const [source] = childrenOf([channel], "source");
      const [target] = childrenOf([channel], "target");
      return {
        mode: source?.attributes.mode,
        path: source?.attributes.path,
        name: target?.attributes.name,
        state: target?.attributes.state,
      };
    }),
  );
}

function rootOf(xml: string): XmlElement | null {
  if (xml.length > LONGEST_XML) throw new DomainXmlError(`it has ${xml.length} characters, more than ${LONGEST_XML}`);
  try {
    // The parser's time grows with the square of the carriage returns.
    return parseXml(xml.replaceAll("\r", " ")).root;
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n", 1);
    throw new DomainXmlError(`it is not XML: ${reason.slice(0, LONGEST_REASON)}`, { cause: error });
  }
}

function childrenOf(parents: readonly XmlElement[], name: string): XmlElement[] {
  return parents.flatMap(({ children }) =>
    children.filter((child): child is XmlElement => child instanceof XmlElement && child.name === name),
  );
}
