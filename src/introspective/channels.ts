import type { Agent } from "./observation.ts";

interface Channel {
  mode?: string | undefined;
  path?: string | undefined;
  targetName?: string | undefined;
  targetState?: string | undefined;
}

/** The channel that libvirt sends agent commands to. */
const AGENT_CHANNEL = "org.qemu.guest_agent.0";
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<\/[^>]*>|<([^\s/>]+)((?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * How the guest agent's channel is, by the guest's live XML. It is one that libvirt binds at a path that the pattern matches,
 * wherever it stands among the channels (the Python monitor looks at the first channel only).
 */
export function agentChannel(xml: string, pattern: RegExp): Agent {
  const matching = channelsOf(xml).filter(
    ({ mode, path }) => mode === "bind" && path !== undefined && pattern.test(path),
  );
  const channel = matching.find(({ targetName }) => targetName === AGENT_CHANNEL) ?? matching[0];
  if (!channel) return "none";
  // A libvirt that does not know the state says nothing; the pings will tell.
  return channel.targetState === "disconnected" ? "disconnected" : "connected";
}

function channelsOf(xml: string): readonly Channel[] {
  const channels: Channel[] = [];
  const path: string[] = [];
  for (const [token, name, attributes = "", empty] of xml.matchAll(TOKEN)) {
    if (token.startsWith("</")) path.pop();
    if (name === undefined) continue;
    path.push(name);
    note(channels, path.join("/"), attributes);
    if (empty === "/") path.pop();
  }
  return channels;
}

function note(channels: Channel[], path: string, text: string): void {
  if (path === "domain/devices/channel") channels.push({});
  const channel = channels.at(-1);
  if (!channel || !path.startsWith("domain/devices/channel/")) return;
  const attributes = attributesOf(text);
  if (path === "domain/devices/channel/source") {
    channel.mode = attributes.get("mode");
    channel.path = attributes.get("path");
  }
  if (path === "domain/devices/channel/target") {
    channel.targetName = attributes.get("name");
    channel.targetState = attributes.get("state");
  }
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", double, single] of text.matchAll(ATTRIBUTE))
    found.set(name, decoded(double ?? single ?? ""));
  return found;
}

function decoded(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return name === undefined ? String.fromCodePoint(code) : (ENTITIES[name] ?? whole);
  });
}
