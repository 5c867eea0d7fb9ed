import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Child, Exit } from "./child.ts";
import { ChildDirectory } from "./child-directory.ts";
import { callMasakari, logIn, startFor } from "./control-plane.ts";
import { eventually } from "./eventually.ts";

const LONG = 60_000;
const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

type States = Readonly<Record<string, "online" | "offline">>;

/** The real masakari-hostmonitor with the driver of examples/, against an embedded control plane that has the hosts in a segment. */
export class HostProgram {
  readonly directory: string;
  /** Notifications that the API has taken, as `HOSTNAME EVENT HOST_STATUS`. */
  readonly arrived: string[] = [];
  readonly #directory: ChildDirectory;
  #keystoneUrl = "";

  private constructor(context: TestContext) {
    this.#directory = new ChildDirectory(context, "host-program-");
    this.directory = this.#directory.path;
  }

  /** @param states of the hosts; the first is the one on which the monitor runs */
  static async create(context: TestContext, states: States): Promise<HostProgram> {
    const made = new HostProgram(context);
    const cloud = await startFor(context, {
      onNotification: ({ hostname, payload }) => {
        made.arrived.push(`${hostname} ${payload.event} ${payload.host_status}`);
      },
    });
    made.#keystoneUrl = cloud.keystoneUrl;
    const token = await logIn(cloud);
    const segment = { name: "s", recovery_method: "auto", service_type: "compute" };
    const { body } = await callMasakari(cloud, token, "POST", "/segments", { segment });
    const path = `/segments/${JSON.parse(body).segment.uuid}/hosts`;
    for (const name of Object.keys(states)) {
      await callMasakari(cloud, token, "POST", path, { host: { name, type: "COMPUTE", control_attributes: "SSH" } });
    }
    // As for an installed program, which loads no TypeScript.
    const driver = stripTypeScriptTypes(readFileSync(file("examples/host-driver.ts"), "utf8"));
    writeFileSync(join(made.directory, "driver.mjs"), driver);
    made.configure(Object.keys(states)[0] ?? "");
    made.write(states);
    return made;
  }

  /** @param host further lines of `[host]` */
  configure(hostname: string, host = ""): void {
    writeFileSync(
      this.configFile,
      `[DEFAULT]
hostname = ${hostname}
state_path = ${this.directory}/state
[api]
auth_url = ${this.#keystoneUrl}
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
[host]
monitoring_driver = ${this.directory}/driver.mjs
monitoring_interval = 1
${host}
`,
    );
  }

  get configFile(): string {
    return join(this.directory, "m.conf");
  }

  /** What the other tool writes. @param age of it, ms */
  write(states: States, age = 0): void {
    const text = JSON.stringify({ written_at: new Date(Date.now() - age).toISOString(), hosts: states });
    writeFileSync(join(this.directory, "hosts.new"), text);
    renameSync(join(this.directory, "hosts.new"), join(this.directory, "hosts.json"));
  }

  start(): Child {
    return this.#run("masakari-hostmonitor");
  }

  /** `masakari-monitors` with these words, to its end. */
  async command(...words: readonly string[]): Promise<Exit & { readonly output: string }> {
    const child = this.#run("masakari-monitors", ...words);
    return { ...(await child.exited), output: child.output };
  }

  #run(program: string, ...words: readonly string[]): Child {
    const env = { HOSTS_FILE: join(this.directory, "hosts.json") };
    return this.#directory.start(file(`bin/${program}`), [...words, "--config-file", this.configFile], { env });
  }

  /** Waits until the API has taken so many notifications, and returns them. */
  async notifications(count: number): Promise<readonly string[]> {
    return await eventually(`${count} notifications`, LONG, () => {
      return this.arrived.length >= count ? this.arrived : undefined;
    });
  }
}
