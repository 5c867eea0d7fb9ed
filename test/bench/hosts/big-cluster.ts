import { readFileSync } from "node:fs";

const captured = new URL(
  "../../fixtures/pacemaker/pacemaker-2.1.5/08-remote1-crashed/node1.crm_mon-X.xml",
  import.meta.url,
);

/**
 * `crm_mon -X` of a cluster of so many members and remotes, each remote with its connection and that one's history: the captured output of a
 * small cluster with its elements repeated. @param lost the remotes that are lost, by number
 */
export function bigCluster(members: number, remotes: number, lost: ReadonlySet<number> = new Set()): string {
  const text = readFileSync(captured, "utf8");
  const element = (pattern: RegExp): string => {
    const found = pattern.exec(text)?.[0];
    if (found === undefined) throw new Error(`${pattern} is not in the captured output`);
    return found;
  };
  const member = element(/ *<node name="node2" [^>]*\/>\n/);
  const remote = element(/ *<node name="remote1" [^>]*\/>\n/);
  const connection = element(/ *<resource id="remote1"[\s\S]*?<\/resource>\n/);
  const history = element(/ *<resource_history id="remote1"[\s\S]*?<\/resource_history>\n/);
  const numbers = Array.from({ length: remotes }, (_, index) => index + 1);
  const stateOf = (part: string, number: number): string =>
    lost.has(number)
      ? part
      : part.replace('online="false"', 'online="true"').replace('failed="true"', 'failed="false"');
  const remotesAs = (part: string): string[] =>
    numbers.map((number) => stateOf(part, number).replaceAll("remote1", `remote${number}`));
  const memberNodes = Array.from({ length: members - 3 }, (_, index) =>
    member.replaceAll("node2", `node${index + 4}`).replace('id="2"', `id="${index + 4}"`),
  );
  return text
    .replace(remote, [...memberNodes, ...remotesAs(remote)].join(""))
    .replace(connection, remotesAs(connection).join(""))
    .replace(history, remotesAs(history).join(""))
    .replace(/<failures>[\s\S]*<\/failures>/, "<failures/>");
}
