import type { Json } from "../formats/python-json.ts";
import { ApiFault } from "./fault.ts";
import type { Release } from "./release.ts";
import type { Resource } from "./resource.ts";

const always = [
  extension("Extensions", "extensions", "Extension information."),
  extension("Notifications", "notifications", "Notifications support."),
  extension("Hosts", "os-hosts", "Hosts controller"),
  extension("Segments", "segments", "Segments Extension."),
  extension("Versions", "versions", "API Version information."),
];

/** `/v1/extensions`: what the API consists of. */
export function extensionsResource({ hasVmoves }: Release): Resource {
  const extensions = hasVmoves ? [...always, extension("vmoves", "vmoves", "vmoves controller")] : always;
  return {
    path: "extensions",
    memberAction: false,
    actions: {
      index: {
        status: 200,
        rule: "os_masakari_api:extensions:index",
        handle: () => ({ extensions }),
      },
      show: {
        status: 200,
        rule: "os_masakari_api:extensions:detail",
        handle: ({ params }) => {
          const found = extensions.find(({ alias }) => alias === params.id);
          if (!found) throw new ApiFault(404, "The resource could not be found.");
          return { extension: found };
        },
      },
    },
  };
}

function extension(name: string, alias: string, description: string) {
  return { name, alias, description, namespace: "", updated: "", links: [] satisfies Json };
}
