/** Compares the CPU time of two amounts of work in one run, so that the speed and the load of the machine do not count. */

export interface Amounts {
  readonly small: number;
  readonly large: number;
}

/** The clock of CPU time can have steps of 4 ms. */
const LEAST_MICROSECONDS = 40_000;

/** Returns the CPU time for the large amount divided by that for the small one, each the least of three, after one warm-up. */
export async function cpuRatio(run: (amount: number) => unknown, { small, large }: Amounts): Promise<number> {
  await cpuTime(run, small);
  return (await leastCpuTime(run, large)) / (await leastCpuTime(run, small));
}

async function leastCpuTime(run: (amount: number) => unknown, amount: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) times.push(await cpuTime(run, amount));
  return Math.min(...times);
}

/** Returns microseconds for one run, the average of as many runs as the clock needs. */
async function cpuTime(run: (amount: number) => unknown, amount: number): Promise<number> {
  const before = process.threadCpuUsage();
  for (let runs = 1; ; runs += 1) {
    await run(amount);
    const { user, system } = process.threadCpuUsage(before);
    if (user + system >= LEAST_MICROSECONDS) return (user + system) / runs;
  }
}
