/** How this host's Corosync sees its peers, by `corosync-cfgtool -s`. */
export interface Links {
  readonly peers: number;
  readonly connected: number;
}

/**
 * `corosync-cfgtool -s`: for each link the state of each node id; a peer is connected if it is on any link.
 * @returns undefined if it is not understood
 */
export function parseLinks(text: string): Links | undefined {
  if (!/^Local node ID \d+, transport \w+/.test(text)) return undefined;
  const peers = new Map<string, boolean>();
  for (const [, id = "", state = ""] of text.matchAll(/^\s*nodeid:\s+(\d+):\s+(\S+)/gm)) {
    if (state !== "localhost") peers.set(id, (peers.get(id) ?? false) || state === "connected");
  }
  return { peers: peers.size, connected: [...peers.values()].filter(Boolean).length };
}

export interface Member {
  readonly joined: boolean;
  /** How often it has joined since this host's Corosync started; undefined where that is not known. */
  readonly joinCount: number | undefined;
}

/**
 * `corosync-quorumtool -s`: the node ids of the present members.
 * @returns undefined if it is not understood: this host itself is always one
 */
export function parsePresentMembers(text: string): ReadonlySet<string> | undefined {
  const [, list = ""] = text.split(/^Membership information$/m);
  if (!/ \(local\)$/m.test(list)) return undefined;
  return new Set([...list.matchAll(/^ *(\d+|0x[\da-f]+) +\d+ /gm)].map(([, id]) => String(Number(id))));
}

/** The members as they are present, with what was known of them shortly before. */
export function presentMembers(
  present: ReadonlySet<string>,
  before: ReadonlyMap<string, Member> | undefined,
): ReadonlyMap<string, Member> {
  const ids = new Set([...(before?.keys() ?? []), ...present]);
  return new Map([...ids].map((id) => [id, { joined: present.has(id), joinCount: before?.get(id)?.joinCount }]));
}

/** `corosync-cmapctl runtime.members`: the members that this host's Corosync has seen, by node id. */
export function parseMembers(text: string): ReadonlyMap<string, Member> {
  const found = new Map<string, { joined?: boolean; joinCount?: number }>();
  const pattern = /^runtime\.members\.(\d+)\.(status|join_count) \(\w+\) = (\S+)/gm;
  for (const [, id = "", key, value] of text.matchAll(pattern)) {
    const member = found.get(id) ?? {};
    if (key === "status") member.joined = value === "joined";
    else member.joinCount = Number(value);
    found.set(id, member);
  }
  return new Map(
    [...found].flatMap(([id, { joined, joinCount }]) => (joined === undefined ? [] : [[id, { joined, joinCount }]])),
  );
}
