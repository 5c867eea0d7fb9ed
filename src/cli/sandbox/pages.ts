import { once } from "node:events";
import { createServer } from "node:net";
import { PORTS } from "../metrics.ts";

/** The pages of the sandbox's monitors, each with the others as its peers. */
export class Pages {
  #ports: readonly number[] = [];

  /** Chooses a port for each. @param count how many monitors have one */
  async choosePorts(count: number): Promise<void> {
    const ports: number[] = [];
    for (let index = 0; index < count; index += 1) ports.push(await freePort());
    this.#ports = ports;
  }

  /** Where the first one is. */
  get url(): string {
    return this.#urls[0] ?? "";
  }

  get #urls(): readonly string[] {
    return this.#ports.map((port) => `http://127.0.0.1:${port}/`);
  }

  /** The sections that a monitor's configuration needs. @param index which of them it is @param program by its own name */
  sections(index: number, program: string): string {
    const port = (this.#ports[index] ?? 0) - PORTS.indexOf(program);
    return `[metrics]
port = ${port}
[page]
enabled = True
peers = ${this.#urls.filter((_, other) => other !== index).join(",")}
`;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("there is no free TCP port");
  return address.port;
}
