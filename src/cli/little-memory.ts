/** Memory of commands that read many files and end. An old Node.js must be able to parse this file. */

export interface Flag {
  readonly flag: string;
  /** The same with the default. */
  readonly before: string;
}

const NO_GROWTH: Flag = { flag: '--semi-space-growth-factor=1', before: '--semi-space-growth-factor=2' };

export const FLAGS: readonly Flag[] = [
  // The young generation grows to 130 MiB otherwise, while 8,000 documents need 60 MiB.
  NO_GROWTH,
  // The compilers use memory of their own. Code that runs for a second gains little from the first optimization.
  { flag: '--invocation-count-for-maglev=4000', before: '--invocation-count-for-maglev=400' },
  {
    flag: '--max-maglev-inlined-bytecode-size-cumulative=200',
    before: '--max-maglev-inlined-bytecode-size-cumulative=920',
  },
  { flag: '--max-inlined-bytecode-size-cumulative=300', before: '--max-inlined-bytecode-size-cumulative=920' },
];

/** For a command that ends within seconds: the second of the two optimizing compilers is not worth its memory. */
export const NO_TURBOFAN: Flag = { flag: '--no-turbofan', before: '--turbofan' };

/** That of Node.js 26. V8 prints an error about a flag that it does not have. */
const LAST_KNOWN_V8 = 14;

function isKnown(): boolean {
  return Number.parseInt(process.versions.v8, 10) <= LAST_KNOWN_V8;
}

/** `node:v8` is loaded on use, because other commands start without it. */
function setFlags(flags: readonly string[]): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const flag of flags) setFlagsFromString(flag);
}

const SET = FLAGS.map(({ flag }) => flag);

/** Sets flags of V8 for the whole process (test/bench/README.md). V8 reads them when it needs them, so that they have an effect after the start. */
export function startWithLittleMemory(): void {
  // The code in a cache that Node.js has opened is for the flags before, as in the container image.
  if (!isKnown() || process.getBuiltinModule('node:module').getCompileCacheDir() !== undefined) return;
  // Without both compilers, nothing would be optimized.
  setFlags(process.execArgv.includes('--no-maglev') ? SET : [...SET, NO_TURBOFAN.flag]);
}

/** The same during work. Modules that are loaded meanwhile do not use the compile cache, because V8 keeps code for each set of flags. */
export async function withLittleMemory<T>(work: () => Promise<T>): Promise<T> {
  return withFlags(FLAGS, work);
}

async function withFlags<T>(flags: readonly Flag[], work: () => Promise<T>): Promise<T> {
  if (!isKnown()) return work();
  setFlags(flags.map(({ flag }) => flag));
  try {
    return await work();
  } finally {
    setFlags(flags.map(({ before }) => before));
  }
}

/** Of a process whose threads keep all cores busy (test/bench/README.md). */
export const BUSY_FLAGS: readonly Flag[] = [
  // Other threads would help to collect garbage, and take their time from the cores.
  { flag: '--no-parallel-scavenge', before: '--parallel-scavenge' },
  // In MiB, of a thread that starts: it must not stay small when `withBoundedGrowth` ends the growth.
  { flag: '--min-semi-space-size=4', before: '--min-semi-space-size=0' },
];

export async function withBusyThreads<T>(work: () => Promise<T>): Promise<T> {
  return withFlags(BUSY_FLAGS, work);
}

/** What a replay needs for its speed; twice as much makes it no faster (test/bench/README.md). */
const YOUNG_BYTES = 16 * 1024 * 1024;
const CHECK_MS = 50;

/** The young generation of V8 does not grow any more once it is large enough for the work. */
export async function withBoundedGrowth<T>(work: () => Promise<T>): Promise<T> {
  if (!isKnown()) return work();
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8');
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < YOUNG_BYTES) return;
    clearInterval(timer);
    setFlags([NO_GROWTH.flag]);
  }, CHECK_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    setFlags([NO_GROWTH.before]);
  }
}
