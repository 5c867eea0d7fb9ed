interface CibContent {
  readonly remotes: readonly string[];
  /** The address of each node's BMC. */
  readonly devices: ReadonlyMap<string, string>;
  /** Each device is in a resource group of its own. */
  readonly grouped: boolean;
  readonly user: string;
  readonly password: string;
}

const nvpair = (id: string, name: string, value: string): string =>
  `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`;

const attributes = (id: string, values: Readonly<Record<string, string>>): string =>
  `<instance_attributes id="${id}-ia">${Object.entries(values)
    .map(([name, value]) => nvpair(id, name, value))
    .join("")}</instance_attributes>`;

/**
 * The CIB that a cluster begins with. Without one, every cold start waits 20 s for other nodes. With fencing devices a node that
 * is lost is fenced: `stonith-action` is off, so that it stays down until the test starts it.
 */
export function firstCib({ remotes, devices, grouped, user, password }: CibContent): string {
  const options = {
    "dc-deadtime": "3s",
    "stonith-enabled": String(devices.size > 0),
    "startup-fencing": "false",
    "stonith-action": "off",
    "stonith-timeout": "10s",
  };
  const properties = Object.entries(options).map(([name, value]) => nvpair("cib-bootstrap-options", name, value));
  const resources = [
    ...remotes.map(remoteConnection),
    ...[...devices].map(([node, address]) => {
      const device = fencingDevice(node, address, user, password);
      return grouped ? `<group id="group-${node}">${device}</group>` : device;
    }),
  ];
  return `<cib validate-with="pacemaker-3.0" admin_epoch="0" epoch="1" num_updates="0">
  <configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options">${properties.join("")}</cluster_property_set></crm_config>
    <nodes/>
    <resources>${resources.join("\n")}</resources>
    <constraints/>
  </configuration>
  <status/>
</cib>
`;
}

function remoteConnection(name: string): string {
  return `<primitive id="${name}" class="ocf" provider="pacemaker" type="remote">${attributes(name, { server: name })}<operations>
<op id="${name}-monitor" name="monitor" interval="2s" timeout="5s"/><op id="${name}-start" name="start" interval="0" timeout="20s"/></operations></primitive>`;
}

function fencingDevice(node: string, address: string, user: string, password: string): string {
  const id = `st-${node}`;
  const values = { hostname: node, ipaddr: address, userid: user, passwd: password, interface: "lanplus" };
  return `<primitive id="${id}" class="stonith" type="external/ipmi">${attributes(id, values)}</primitive>`;
}
