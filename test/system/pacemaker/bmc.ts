import { existsSync, mkdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { portOf, type Switch } from "./network.ts";
import type { ClusterNode } from "./node.ts";

export const bmcUser = "admin";
export const bmcPassword = "s3cret";

const front = fileURLToPath(new URL("bmc-front.ts", import.meta.url));
const readyMs = 120_000;

/** `silent`: it answers nothing, as when it lost its power with its host. A number: each response comes that many ms late. */
export type BmcMode = "ok" | "silent" | number;

/**
 * The BMC of a node: OpenIPMI's ipmi_sim, whose power is the node. `power off` kills the node, `power on` and `reset` start it
 * again, `power status` shows whether it is on.
 */
export class Bmc {
  readonly address: string;
  readonly #simulator: Child;
  readonly #modeFile: string;
  readonly #stopWatching: () => void;

  private constructor(address: string, simulator: Child, modeFile: string, stopWatching: () => void) {
    this.address = address;
    this.#simulator = simulator;
    this.#modeFile = modeFile;
    this.#stopWatching = stopWatching;
  }

  static async start(node: ClusterNode, address: string, modes: string, at: Switch): Promise<Bmc> {
    const folder = join(node.folder, "bmc");
    mkdirSync(join(folder, "state"), { recursive: true });
    await at.addAddress(address);
    writeFileSync(join(folder, "chassis.sh"), chassisScript(node), { mode: 0o755 });
    writeFileSync(join(folder, "lan.conf"), lanConf(node.name, address, join(folder, "chassis.sh")));
    writeFileSync(join(folder, "sim.emu"), emulation);
    writeFileSync(join(modes, address), "ok");
    const [command, ...enter] = at.namespace.enter;
    const files = ["-c", join(folder, "lan.conf"), "-f", join(folder, "sim.emu"), "-s", join(folder, "state")];
    const simulator = new Child(command, [...enter, "ipmi_sim", "-n", ...files], { deathSignal: "KILL" });
    return new Bmc(address, simulator, join(modes, address), startOnRequest(node));
  }

  setMode(mode: BmcMode): void {
    writeFileSync(this.#modeFile, String(mode));
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    await this.#simulator.stop("SIGKILL");
  }
}

/** One process for the fronts of all BMCs. Resolves when all listen. */
export async function startBmcFronts(addresses: readonly string[], modes: string, at: Switch): Promise<Child> {
  const [command, ...enter] = at.namespace.enter;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", front, modes, ...addresses];
  const child = new Child(command, [...enter, ...node], { deathSignal: "KILL" });
  for (const address of addresses)
    await child.line(new RegExp(`^listening ${address.replaceAll(".", "\\.")}$`), readyMs);
  return child;
}

/** ipmi_sim only asks for power: what takes longer than its time limit (2 s) is done here. */
function startOnRequest(node: ClusterNode): () => void {
  const booting = join(node.folder, "booting");
  // One request is several events, and the node has no pid before it is up.
  let isStarting = false;
  const boot = (): void => {
    if (isStarting || !existsSync(booting) || node.pid !== undefined) return;
    isStarting = true;
    void node
      .start()
      .then(
        () => rmSync(booting, { force: true }),
        () => undefined,
      )
      .finally(() => {
        isStarting = false;
      });
  };
  const watcher = watch(node.folder, (_event, name) => {
    if (name === "booting") boot();
  });
  return () => watcher.close();
}

/** ipmi_sim calls it with `get power`, `set power 0`, `set reset 1`; it runs in the switch's namespace. */
function chassisScript({ folder, name }: ClusterNode): string {
  return `#!/bin/bash
is_on() { pid=$(cat ${folder}/init.pid 2>/dev/null) && grep -qa pcm-init "/proc/$pid/cmdline" 2>/dev/null; }
off() { ip link set ${portOf(name)} down; is_on && kill -KILL "$pid"; while is_on; do sleep 0.01; done; }
case $1 in 0x*) shift ;; esac
operation=$1
shift
while [ $# -gt 0 ]; do
  case "$operation $1 $2" in
  "get power "*) { is_on || [ -e ${folder}/booting ]; } && echo power:1 || echo power:0 ;;
  get*) echo "$1:0" ;;
  "set power 0" | "set shutdown "*) rm -f ${folder}/booting; off ;;
  "set power 1") is_on || touch ${folder}/booting ;;
  "set reset "*) off; touch ${folder}/booting ;;
  esac
  shift
  [ "$operation" = set ] && shift
done
exit 0
`;
}

function lanConf(name: string, address: string, chassis: string): string {
  const auths = ["callback", "user", "operator", "admin"].map(
    (level) => `    allowed_auths_${level} none md2 md5 straight`,
  );
  return `name "bmc-${name}"
set_working_mc 0x20
  startlan 1
    addr ${address} 9623
    priv_limit admin
${auths.join("\n")}
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${chassis}"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "${bmcUser}" "${bmcPassword}" admin 10 none md2 md5 straight
`;
}

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;
