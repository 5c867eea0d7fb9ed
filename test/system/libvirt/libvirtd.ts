import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Certificates } from "../../support/certificates.ts";
import { Child, killIfThere, runToEnd } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { linuxGuestFolder } from "./linux-guest.ts";

export interface LibvirtdOptions {
  /** For both unix sockets and TLS (plain TCP always has SASL); default none. */
  readonly auth?: "none" | "sasl" | "polkit";
  /** Cyrus SASL's own configuration: mechanisms, and one user. */
  readonly sasl?: SaslUser & { readonly mechanisms: string };
  /** Also listen on a TCP port of the loopback, which demands SASL. */
  readonly tcp?: boolean;
  /** Also listen with TLS: a certificate of this CA, which clients need too. */
  readonly tls?: Certificates;
  /** Makes it another compute host than the machine's, one that guests can be migrated from and to. */
  readonly hostname?: string;
  /** More lines of libvirtd.conf. */
  readonly settings?: readonly string[];
  /**
   * The root folder of another Debian that has libvirt and QEMU (see `make-root.sh`): these run instead of the machine's. Default:
   * LIBVIRT_ROOT of the environment, so that any test can be run on them.
   */
  readonly root?: string | undefined;
}

interface SaslUser {
  readonly user: string;
  readonly realm: string;
  readonly password: string;
}

/** What a libvirtd has of its own instead of the machine's. */
const privateFolders = {
  etc: "/etc/libvirt",
  lib: "/var/lib/libvirt",
  cache: "/var/cache/libvirt",
  log: "/var/log/libvirt",
  run: "/run/libvirt",
} as const;

const supervisor = fileURLToPath(new URL("supervisor.ts", import.meta.url));
const readyMs = 60_000;
const stopMs = 5000;
/** A hundred QEMUs take a while to end, and write to the folder until then. */
const endMs = 60_000;

/**
 * A libvirtd of this test alone: system mode, QEMU driver, in a mount namespace in which libvirt's folders are its own, so
 * that many run side by side and the paths inside guests' XML are the real ones. Needs root, and no systemd, polkit or KVM.
 */
export class Libvirtd {
  /** Keeps everything of it, and is removed with it. */
  readonly folder: string;
  readonly tcpPort: number | undefined;
  readonly tlsPort: number | undefined;
  readonly #supervisor: Child;
  #pid = 0;

  private constructor(
    folder: string,
    ports: { tcp: number | undefined; tls: number | undefined },
    options: LibvirtdOptions,
  ) {
    this.folder = folder;
    this.tcpPort = ports.tcp;
    this.tlsPort = ports.tls;
    const listen = ports.tcp !== undefined || ports.tls !== undefined ? ["--listen"] : [];
    const { root } = options;
    const daemon = [
      ...(root === undefined ? [] : ["chroot", root]),
      "libvirtd",
      ...listen,
      "--config",
      "/etc/libvirt/libvirtd.conf",
      "--pid-file",
      "/run/libvirt/libvirtd.pid",
    ];
    const mounts = [
      ...(root === undefined ? [] : sharedWithRoot(root)),
      ...Object.entries(privateFolders).map(([own, path]) => `mount --bind ${folder}/${own} ${root ?? ""}${path}`),
    ];
    const named = options.hostname === undefined ? [] : [`hostname ${options.hostname}`];
    const script = [...mounts, ...named, "ulimit -n $(ulimit -Hn)", 'exec "$@"'].join(" && ");
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", supervisor, ...daemon];
    this.#supervisor = new Child(
      "unshare",
      ["--mount", "--uts", "--propagation", "private", "sh", "-c", script, "sh", ...node],
      {
        // Cyrus reads SASL's configuration from there.
        env: options.sasl ? { SASL_CONF_PATH: join(folder, "sasl") } : {},
      },
    );
  }

  static async start(given: LibvirtdOptions = {}): Promise<Libvirtd> {
    const options = { root: process.env.LIBVIRT_ROOT, ...given };
    // Short, since a socket's path may have only 107 bytes.
    const folder = await mkdtemp(join(tmpdir(), "lv-"));
    const ports = {
      tcp: options.tcp ? await freePort() : undefined,
      tls: options.tls ? await freePort() : undefined,
    };
    for (const [own, path] of Object.entries(privateFolders)) {
      mkdirSync(join(folder, own), { recursive: true });
      mkdirSync(join(options.root ?? "/", path), { recursive: true });
    }
    mkdirSync(join(folder, "etc/hooks"));
    mkdirSync(join(folder, "lib/qemu"));
    await writeFile(join(folder, "etc/libvirtd.conf"), daemonSettings(folder, ports, options));
    await writeFile(join(folder, "etc/qemu.conf"), qemuSettings);
    await writeFile(join(folder, "etc/libvirt.conf"), "");
    if (options.sasl) await writeSasl(folder, options.sasl);
    const libvirtd = new Libvirtd(folder, ports, options);
    try {
      await libvirtd.#ready(0);
      return libvirtd;
    } catch (error) {
      await libvirtd.stop();
      throw error;
    }
  }

  /** Where its QEMUs' logs are, seen from outside its mounts. */
  get qemuLogs(): string {
    return join(this.folder, "log/qemu");
  }

  get socket(): string {
    return join(this.folder, "run/libvirt-sock");
  }

  get readOnlySocket(): string {
    return join(this.folder, "run/libvirt-sock-ro");
  }

  /** Of the QEMU driver. */
  get uri(): string {
    return `qemu+unix:///system?socket=${this.socket}`;
  }

  /** Of libvirt's own test driver: one domain called `test`, no QEMU. */
  get testUri(): string {
    return `test+unix:///default?socket=${this.socket}`;
  }

  /** The daemon's process. */
  get pid(): number {
    return this.#pid;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.#pid, name);
  }

  /** Kills the daemon, or stops it as an upgrade does (SIGTERM); its guests live on. Resolves when it is gone. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const from = this.#supervisor.output.length;
    this.signal(signal);
    // One that is stopped while it ends a guest may never come to its own end; systemd kills it then too.
    const impatience = setTimeout(() => killIfThere(this.#pid), stopMs);
    try {
      await this.#supervisor.line(new RegExp(`^reaped ${this.#pid}$`), readyMs, from);
    } finally {
      clearTimeout(impatience);
    }
  }

  /** Starts the daemon again after `kill`; resolves when it answers. */
  async restart(): Promise<void> {
    const from = this.#supervisor.output.length;
    this.#supervisor.signal("SIGHUP");
    await this.#ready(from);
  }

  /** Runs libvirt's own client, e.g. `virsh("shutdown", "instance-00000001")`. @returns what it prints */
  async virsh(...command: string[]): Promise<string> {
    return await runToEnd("virsh", ["-q", "-c", this.uri, ...command]);
  }

  /** Runs a program in the daemon's mounts. */
  async inside(...command: string[]): Promise<string> {
    return await runToEnd("nsenter", ["-t", String(this.#supervisor.pid), "-m", ...command]);
  }

  /** Ends the daemon and all of its guests, and removes the folder. */
  async stop(): Promise<void> {
    await this.#supervisor.stop("SIGTERM", endMs);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #ready(from: number): Promise<void> {
    const started = await this.#supervisor.line(/^started \d+$/, readyMs, from);
    this.#pid = Number(started.split(" ")[1]);
    const { connect } = await import("node:net");
    // The daemon listens before it has loaded its drivers, and answers after.
    await eventually("libvirtd's socket", readyMs, async () => {
      if (!this.#supervisor.running) throw new Error(this.#supervisor.output);
      const socket = connect(this.socket);
      try {
        await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
        return true;
      } finally {
        socket.destroy();
      }
    });
  }
}

/** What guests are made of, and what QEMU needs of a machine, at the same paths in another root; in the daemon's mounts only. */
function sharedWithRoot(root: string): string[] {
  return ["/proc", "/sys", "/dev", tmpdir(), dirname(linuxGuestFolder)].flatMap((path) => [
    `mkdir -p ${root}${path}`,
    `mount --rbind ${path} ${root}${path}`,
  ]);
}

function daemonSettings(
  folder: string,
  ports: { tcp: number | undefined; tls: number | undefined },
  { auth = "none", tls, hostname, root, settings = [] }: LibvirtdOptions,
): string {
  const certificate = tls?.issue("libvirtd", "IP:127.0.0.1");
  return [
    // In another root, the folder is there under this name only.
    `unix_sock_dir = "${root === undefined ? join(folder, "run") : privateFolders.run}"`,
    'unix_sock_group = "root"',
    'unix_sock_ro_perms = "0777"',
    'unix_sock_rw_perms = "0770"',
    `auth_unix_ro = "${auth}"`,
    `auth_unix_rw = "${auth}"`,
    ...(settings.some((line) => line.startsWith("max_clients")) ? [] : ["max_clients = 5000"]),
    `log_outputs = "3:file:${privateFolders.log}/libvirtd.log"`,
    'listen_addr = "127.0.0.1"',
    ...(ports.tcp === undefined
      ? ["listen_tcp = 0"]
      : ["listen_tcp = 1", `tcp_port = "${ports.tcp}"`, 'auth_tcp = "sasl"']),
    ...(tls === undefined || certificate === undefined
      ? ["listen_tls = 0"]
      : [
          "listen_tls = 1",
          `tls_port = "${ports.tls}"`,
          `auth_tls = "${auth === "sasl" ? "sasl" : "none"}"`,
          `ca_file = "${tls.ca}"`,
          `cert_file = "${certificate.cert}"`,
          `key_file = "${certificate.key}"`,
          "tls_no_sanity_certificate = 1",
        ]),
    // libvirtd refuses to migrate to what it takes for its own host.
    ...(hostname === undefined ? [] : [`host_uuid = "${randomUUID()}"`]),
    ...settings,
    "",
  ].join("\n");
}

/** No other user, no cgroups, no namespaces: none of these can be relied on in a container. */
const qemuSettings = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = [ ]
cgroup_controllers = [ ]
stdio_handler = "file"
`;

async function writeSasl(folder: string, sasl: SaslUser & { readonly mechanisms: string }): Promise<void> {
  const database = join(folder, "sasl/users.db");
  mkdirSync(join(folder, "sasl"));
  await writeFile(
    join(folder, "sasl/libvirt.conf"),
    `mech_list: ${sasl.mechanisms}\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${database}\n`,
  );
  const { user, realm, password } = sasl;
  // -p: the password comes on stdin, so that it is in no command line.
  const script = 'saslpasswd2 -p -c -a libvirt -f "$1" -u "$2" "$3" <"$4"';
  const secret = join(folder, "sasl/password");
  await writeFile(secret, password, { mode: 0o600 });
  await runToEnd("sh", ["-c", script, "sh", database, realm, user, secret]);
}
