import { once } from "node:events";
import { createServer } from "node:http";

export interface ImagesAndNetworks {
  readonly port: number;
  stop(): Promise<void>;
}

const properties =
  "id name status visibility protected disk_format container_format size virtual_size checksum min_disk min_ram " +
  "owner created_at updated_at tags self file schema";
const anImage = {
  ...{ name: "image", status: "active", visibility: "public", protected: false, owner: "tests", tags: [] },
  ...{ disk_format: "raw", container_format: "bare", checksum: "d41d8cd98f00b204e9800998ecf8427e" },
  ...{ size: 1024, virtual_size: 1024, min_disk: 0, min_ram: 0, schema: "/v2/schemas/image" },
  ...{ created_at: "2024-01-01T00:00:00Z", updated_at: "2024-01-01T00:00:00Z" },
};
/** Nova's Glance client drops every property that is not in it. */
const imageSchema = {
  name: "image",
  additionalProperties: { type: "string" },
  properties: Object.fromEntries(properties.split(" ").map((name) => [name, { type: "string" }])),
};

/**
 * The few calls that Nova makes to Glance (v2) and Neutron (v2.0) for a guest without networks: every image exists, and there are
 * no ports and networks. Tokens are not looked at.
 */
export async function startImagesAndNetworks(): Promise<ImagesAndNetworks> {
  const route = (path: string): [status: number, body: unknown] => {
    const [version, collection, id] = path.split("/").slice(1);
    if (version === "v2" && collection === "images" && id !== undefined) {
      return [200, { id, self: path, file: `${path}/file`, ...anImage }];
    }
    if (path === "/v2/schemas/image") return [200, imageSchema];
    if (version === "v2.0" && collection !== undefined) return [200, { [collection.replace("-", "_")]: [] }];
    return [404, { message: `there is no ${path}` }];
  };
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      const [status, body] = route(new URL(request.url ?? "/", "http://localhost").pathname.replace(/\/$/, ""));
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    port: address.port,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
