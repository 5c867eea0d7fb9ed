import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import type { KubernetesObject } from "./bed.ts";

/** As kubectl and Helm read it: 0555 is octal. */
export const YAML = { version: "1.1" } as const;

interface Values {
  readonly conf: { readonly masakarimonitors: Readonly<Record<string, Readonly<Record<string, string | number>>>> };
}

/** What docs/ shows for the host monitor in a pod, as an operator copies it. */
export function documented() {
  const rights = blockOf("host-kubernetes.md", /^kind: ServiceAccount$/m);
  const values = parse(blockOf("containers.md", /monitoring_driver: kubernetes/), YAML) as Values;
  const kustomization = parse(blockOf("containers.md", /^resources: \[all.yaml\]$/m), YAML) as {
    readonly patches: readonly {
      readonly target: { readonly kind: string; readonly name: string };
      readonly patch: string;
    }[];
  };
  const [patch] = kustomization.patches;
  if (patch === undefined) throw new Error("no patch");
  return {
    /** The ServiceAccount, which is the chart's, and what gives it its rights. */
    rights: parseAllDocuments(rights, YAML).map((document) => document.toJS() as KubernetesObject),
    /** Helm's values, as the chart writes them into masakarimonitors.conf. */
    configuration: Object.entries(values.conf.masakarimonitors)
      .map(([section, options]) => {
        const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
        return [`[${section}]`, ...lines, ""].join("\n");
      })
      .join(""),
    patch: { ...patch.target, content: parse(patch.patch, YAML) as KubernetesObject },
  };
}

/** The one block of YAML of a document that matches. */
function blockOf(document: string, pattern: RegExp): string {
  const text = readFileSync(fileURLToPath(new URL(`../../../docs/${document}`, import.meta.url)), "utf8");
  const found = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const [block, ...more] = found.filter((candidate) => pattern.test(candidate));
  if (block === undefined || more.length > 0)
    throw new Error(`${document}: ${more.length + 1} blocks match ${pattern}`);
  return block;
}
