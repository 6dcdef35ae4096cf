/** Starts the recording thread. */
import { Worker } from 'node:worker_threads';
import type { KnownReview } from '../fast/known-reviews.ts';
import type { ShapeRepeats } from './batch.ts';
import type { WriterSettings } from './settings.ts';
import type { RecordingCounts } from './counts.ts';

/** The memory of a block moves to the thread, and back. */
export type ToThread =
  | { readonly type: 'batch'; readonly memory: ArrayBuffer; readonly used: number; readonly reviews: number }
  /** `dropped`: reviews that were dropped since the last batch. */
  | { readonly type: 'repeats'; readonly repeats: readonly ShapeRepeats[]; readonly dropped: number }
  /** The answer to `ending`: all that was counted before has been sent. */
  | { readonly type: 'settled' }
  | { readonly type: 'close' };

export interface Progress {
  readonly counts: RecordingCounts;
  /** See RecordingWriter. */
  readonly unsaved: number;
}

export type FromThread =
  | (Progress & { readonly type: 'done'; readonly memory: ArrayBuffer; readonly reviews: number })
  | (Progress & { readonly type: 'counts' })
  | (Progress & { readonly type: 'counted'; readonly reviews: number })
  /** Reviews like this one need only be counted. */
  | { readonly type: 'learned'; readonly known: KnownReview }
  /** The lines of known reviews are gone. */
  | { readonly type: 'forget' }
  /** The file with the lines of known reviews ends when the counts are settled. */
  | { readonly type: 'ending' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'recovered' }
  | (Progress & { readonly type: 'closed' });

export interface RecordingThread {
  send(message: ToThread, moved?: readonly ArrayBuffer[]): void;
  /** At once, without what is not written. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  readonly onMessage: (message: FromThread) => void;
  /** The thread has ended because of a bug. */
  readonly onError: (error: unknown) => void;
}

/** In the bundle, the thread is a file beside the others. */
const FILE = import.meta.url.endsWith('.ts') ? './worker.ts' : './recording-worker.js';
/** It holds one review at a time. */
const YOUNG_GENERATION_MB = 8;

export function startThread(settings: WriterSettings, { onMessage, onError }: ThreadEvents): RecordingThread {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    workerData: settings,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  worker.on('message', onMessage);
  worker.on('error', onError);
  // It must not keep a server running that has stopped.
  worker.unref();
  return {
    send: (message, moved = []) => worker.postMessage(message, [...moved]),
    terminate: async () => void (await worker.terminate()),
  };
}
