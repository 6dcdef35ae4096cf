/** What one call costs in this process. */

/** CPU time of this thread: what a neighbour takes of the core does not count. In steps of 4 ms on some systems. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The best of five rounds, in nanoseconds a call; the sum keeps the calls from being optimised away. */
export function nanoseconds(call: () => unknown): number {
  let kept = 0;
  let best = Infinity;
  for (let calls = 1, round = 0; round < 5;) {
    const start = cpuMs();
    for (let index = 0; index < calls; index += 1) if (call() !== undefined) kept += 1;
    const elapsed = cpuMs() - start;
    if (elapsed < 200) {
      calls *= 2;
      continue;
    }
    best = Math.min(best, (elapsed * 1e6) / calls);
    round += 1;
  }
  if (kept === Infinity) throw new Error('not reached');
  return best;
}
