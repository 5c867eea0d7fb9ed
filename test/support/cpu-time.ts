/** The CPU time that this thread takes for something: what else the machine does has no part in it. @returns ms */
export function cpuTimeOf(work: () => void): number {
  const used = cpuTimer();
  work();
  return used();
}

/** @returns what gives the CPU time of this thread from now on, ms */
export function cpuTimer(): () => number {
  const from = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(from);
    return Math.round((user + system) / 1000);
  };
}
