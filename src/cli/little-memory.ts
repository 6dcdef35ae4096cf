/** Memory of commands that read many files and end. */
import { setFlagsFromString } from 'node:v8';

export interface Flag {
  readonly name: string;
  readonly value: number;
  /** The default. */
  readonly before: number;
}

export const FLAGS: readonly Flag[] = [
  // The young generation grows to 130 MiB otherwise, while 8,000 documents need 60 MiB.
  { name: 'semi-space-growth-factor', value: 1, before: 2 },
  // The compilers use memory of their own. Code that runs for a second gains little from the first optimization.
  { name: 'invocation-count-for-maglev', value: 2000, before: 400 },
  { name: 'max-maglev-inlined-bytecode-size-cumulative', value: 200, before: 920 },
  { name: 'max-inlined-bytecode-size-cumulative', value: 300, before: 920 },
];

/** That of Node.js 26. V8 prints an error about a flag that it does not have. */
const LAST_KNOWN_V8 = 14;

/**
 * Sets flags of V8 during work that reduce memory (test/bench/README.md). V8 reads them when it needs them, so that they have an effect
 * after the start. Modules that are loaded meanwhile do not use the compile cache, because V8 keeps code for each set of flags.
 */
export async function withLittleMemory<T>(work: () => Promise<T>): Promise<T> {
  if (Number.parseInt(process.versions.v8, 10) > LAST_KNOWN_V8) return work();
  for (const { name, value } of FLAGS) setFlagsFromString(`--${name}=${value}`);
  try {
    return await work();
  } finally {
    for (const { name, before } of FLAGS) setFlagsFromString(`--${name}=${before}`);
  }
}
