/** Evaluates chunks in threads. */
import { type ChunkMemory, createChunkMemory } from '../../files/chunk-memory.ts';
import type { LineChunk } from '../../files/recording-chunks.ts';
import type { Evaluator, EvaluatorSettings } from './evaluator.ts';
import type { ItemChunk } from './items.ts';
import { startThread, type Thread } from './thread.ts';

export interface ChunkEvaluator {
  /** Chunks to read before the result of the first of them is needed. */
  readonly ahead: number;
  /** Of the chunks: `evaluate` gives it back. */
  readonly memory: ChunkMemory;
  evaluate(file: string, chunk: LineChunk): Promise<ItemChunk>;
  /** Reads the lines of type `repeats` of a file in a thread, as items; undefined: there is none. */
  repeatsOf(file: string): Promise<ItemChunk> | undefined;
  /** Starts the threads before the first chunks are evaluated: there will be many. */
  start(): void;
  close(): Promise<void>;
}

/** Threads cost their start, so the first chunks are evaluated here. */
const FIRST_BYTES = 4 * 1024 * 1024;
/** Chunks that wait for each thread. More are evaluated here, so that this thread never waits for the others. */
const QUEUE = 3;

/** `jobs`: how many threads evaluate, with this one. */
export function chunkEvaluator(evaluator: Evaluator, settings: EvaluatorSettings, jobs: number): ChunkEvaluator {
  const memory = createChunkMemory();
  let bytes = 0;
  let threads: readonly Thread[] = [];
  const start = (): void => {
    if (threads.length === 0) threads = Array.from({ length: jobs - 1 }, () => startThread(settings, memory));
  };
  const least = (): Thread | undefined => {
    const [first, ...others] = threads;
    return first && others.reduce((one, other) => (other.load() < one.load() ? other : one), first);
  };
  const idle = (): Thread | undefined => {
    if (bytes > FIRST_BYTES) start();
    const thread = least();
    return thread !== undefined && thread.load() < QUEUE ? thread : undefined;
  };
  const evaluateHere = async (file: string, chunk: LineChunk): Promise<ItemChunk> => {
    const items = await evaluator.chunkItems(file, chunk);
    memory.giveBack(chunk.bytes.buffer);
    return items;
  };
  return {
    ahead: jobs < 2 ? 0 : (QUEUE + 1) * jobs,
    memory,
    evaluate(file, chunk) {
      bytes += chunk.bytes.length;
      return idle()?.evaluate(file, chunk) ?? evaluateHere(file, chunk);
    },
    repeatsOf: (file) => least()?.repeatsOf(file),
    start,
    async close() {
      await Promise.all(threads.map(async (thread) => thread.end()));
    },
  };
}
