import { isDead, type ProcTable } from "../../src/system/proc-table.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";

/**
 * A process that was called `argv0` and has ended, but whose parent does not notice: the parent has become a sleep by then,
 * which never reaps. Stop the parent to be rid of both.
 */
export async function startZombie(argv0: string, table: ProcTable): Promise<{ pid: number; parent: Child }> {
  const untilParentSleeps = 'until [ "$(cat /proc/$PPID/comm)" = sleep ]; do sleep 0.01; done';
  const script = `(exec -a ${argv0} /bin/bash -c '${untilParentSleeps}') & echo $!; exec sleep 900`;
  const parent = new Child("/bin/bash", ["-c", script]);
  const pid = Number(await parent.line(/^\d+$/, 60_000));
  await eventually("a zombie", 60_000, () => {
    const stat = table.stat(pid);
    return (stat && isDead(stat)) || undefined;
  });
  return { pid, parent };
}
