import { execFile } from "node:child_process";

const LIMIT_MS = 60_000;

/** $1: the group's name; $2: the script; then its words */
const enter = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/cgroup
mount -t cgroup2 cgroup2 /mnt/cgroup
group="/mnt/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/$1"
mkdir "$group"
echo $$ >"$group/cgroup.procs"
umount /mnt/cgroup
umount /mnt
script="$2"
shift 2
exec unshare --mount --pid --cgroup --uts --ipc --fork --kill-child=SIGKILL sh -c "$script" enter "$@"
`;

/** The last of its processes may still be dying when the systemd that it had has ended. $1: the group's name */
const removal = `mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/cgroup
mount -t cgroup2 cgroup2 /mnt/cgroup
group="/mnt/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/$1"
while [ -d "$group" ]; do
  find "$group" -depth -type d -exec rmdir {} \\; 2>/dev/null
  sleep 0.1
done
`;

/**
 * The command that runs a script as process 1 of namespaces and in a control group of their own: a systemd in it leaves nothing behind, and one
 * that ends removes no empty group of another test's services, which they are just about to enter.
 * @param name of the group; `removeControlGroup` takes the same
 */
export function inControlGroup(name: string, script: string, ...words: readonly string[]): readonly string[] {
  return ["unshare", "--mount", "sh", "-c", enter, "enter", name, script, ...words];
}

/** Removes what has been left of the group. */
export async function removeControlGroup(name: string): Promise<void> {
  const words = ["--mount", "sh", "-c", removal, "remove", name];
  await new Promise((resolve) => execFile("unshare", words, { timeout: LIMIT_MS }, resolve));
}
