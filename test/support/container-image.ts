import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of this machine, which is the base of every image. */
const OF_MACHINE = ["usr", "etc"] as const;

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  readonly folder: string;
  readonly values: Record<string, string>;
}

function instructionsOf(file: string): readonly Instruction[] {
  const text = readFileSync(file, "utf8")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", "");
  return [...text.matchAll(/^([A-Z]+)\s+(.*)$/gm)].map(([, name = "", rest = ""]) => ({ name, rest }));
}

export interface ImageOptions {
  /** What COPY copies from. */
  readonly context: string;
  /** Where the image is put. */
  readonly folder: string;
  /** What every base has beside this machine's /usr and /etc, by its path. */
  readonly base: Readonly<Record<string, string>>;
  /** `--build-arg` */
  readonly args: Readonly<Record<string, string>>;
}

/**
 * Builds an image by its Containerfile without a container engine, with this machine's /usr and /etc as every base. It knows as many of
 * the instructions as ours has, and carries each of them out. As root.
 * @returns the last stage's folder, for `Container`
 */
export async function buildImage(file: string, { context, folder, base, args }: ImageOptions): Promise<string> {
  const stages = new Map<string, Stage>();
  let stage: Stage = { folder, values: {} };
  for (const { name, rest } of instructionsOf(file)) {
    const expanded = rest.replace(/\$\{(\w+)\}/g, (all, key: string) =>
      name === "COPY" ? (stage.values[key] ?? "") : all,
    );
    if (name === "ARG") {
      const [, key = "", initial = ""] = /^(\w+)(?:="?([^"]*)"?)?$/.exec(rest) ?? [];
      stage.values[key] = args[key] ?? initial;
    } else if (name === "FROM") {
      const [, as = "last"] = / AS (\w+)$/.exec(rest) ?? [];
      stage = newStage(join(folder, as), base);
      stages.set(as, stage);
    } else if (name === "COPY") {
      const [, from, source = "", target = ""] = /^(?:--from=(\w+) )?(\S+) (\S+)$/.exec(expanded) ?? [];
      const root = from === undefined ? context : join(stages.get(from)?.folder ?? "", "root");
      await change(stage, 'mkdir -p "$(dirname "$root/$2")"; cp -a "$1" "$root/$2"', join(root, source), target);
    } else if (name === "RUN") {
      const env = Object.entries(stage.values).map(([key, value]) => `${key}=${value}`);
      const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
      await change(stage, 'exec chroot "$root" env -i "$@"', path, ...env, "/bin/sh", "-c", rest);
    } else if (name !== "USER") throw new Error(`${file}: ${name} cannot be built here`);
  }
  return stage.folder;
}

function newStage(folder: string, base: ImageOptions["base"]): Stage {
  for (const part of ["dev", "etc", "proc", "run", "tmp", "usr", "var/lib"]) {
    mkdirSync(join(folder, "root", part), { recursive: true });
  }
  for (const link of ["bin", "lib", "lib64", "sbin"]) symlinkSync(`usr/${link}`, join(folder, "root", link));
  for (const part of OF_MACHINE) mkdirSync(join(folder, "overlay", part), { recursive: true });
  for (const part of OF_MACHINE) mkdirSync(join(folder, part));
  for (const [path, text] of Object.entries(base)) {
    const file = OF_MACHINE.some((part) => path.startsWith(`/${part}/`))
      ? join(folder, path)
      : join(folder, "root", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { folder, values: {} };
}

/** Runs a script with the stage's root mounted at `$root`; what it changes there stays. */
async function change({ folder }: Stage, script: string, ...args: readonly string[]): Promise<void> {
  const mounts = OF_MACHINE.map(
    (part) =>
      `mount -t overlay overlay -o "lowerdir=/${part},upperdir=${folder}/${part},workdir=${folder}/overlay/${part}" "$root/${part}"`,
  );
  const lines = ["set -e", "mount --make-rprivate /", `root=${folder}/root`, ...mounts, script];
  await run("unshare", ["--mount", "sh", "-c", lines.join("\n"), "change", ...args]);
}
