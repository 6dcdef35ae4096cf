/**
 * Chooses the reviews to record, and passes them to the recording thread. Nothing here waits: a review that does not fit into the
 * memory for recordings is dropped, counted, and told in the next line.
 */
import { randomBytes } from 'node:crypto';
import type { Context } from '../../admission/context.ts';
import { compileGlobs } from '../../image/glob.ts';
import type { PullSecret } from '../../credential/pull-secret.ts';
import { type NotedFacts, noteFacts, type NoteOptions } from '../../recording/noted-facts.ts';
import type { RecordingSettings } from '../../recording/settings.ts';
import { recordedSecret, type RecordedSecret } from '../../recording/secret.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Note, ShapeRepeats } from './batch.ts';
import { type CountedReviews, createCountedReviews } from './counted-reviews.ts';
import { createQueue, type Queue } from './queue.ts';
import type { WriterSettings } from './settings.ts';
import { type FromThread, type RecordingThread, startThread } from './thread.ts';
import type { RecordingCounts } from './counts.ts';
import { userHash } from './writer.ts';

export interface RecorderServices {
  readonly version: string;
  readonly log: RecorderLog;
  readonly metrics: RecordingMetrics;
}

interface RecorderLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RecordingMetrics {
  count(counts: RecordingCounts): void;
  setFailing(isFailing: boolean): void;
}

export interface Recorder {
  /** undefined: the review is not recorded. */
  begin(review: BegunReview): Recording | undefined;
  /** Writes what waits, for a limited time: 3 s by default. */
  close(withinMs?: number): Promise<void>;
}

export interface BegunReview {
  readonly endpoint: Endpoint;
  readonly namespace: string | undefined;
  /** undefined: it was too large to be kept. */
  readonly body: Buffer | undefined;
  readonly context: Context;
}

/** One review that will be recorded. Exactly one of `end` and `drop` must be called. */
export interface Recording {
  /** Its sources note their facts. */
  readonly context: Context;
  /** The decision has to wait: the body is copied, because it can be a small part of a buffer. */
  wait(): void;
  end(answer: string, durationMs: number): void;
  drop(): void;
}

/** The time to write what waits when the server stops. */
const CLOSE_MS = 3000;

export function createRecorder(settings: RecordingSettings, services: RecorderServices): Recorder {
  const { rate } = settings;
  const isIncluded = namespaceTest(settings);
  const hashKey = randomBytes(32).toString('hex');
  const thread = openThread({ ...settings, version: services.version, hashKey }, services);
  const options = noteOptions(hashKey);
  return {
    begin({ endpoint, namespace, body, context }) {
      if (!isIncluded(namespace) || (rate < 1 && Math.random() >= rate)) return undefined;
      if (body === undefined) return thread.queue.drop();
      const time = Date.now();
      const noted = noteFacts(context, time, options);
      return recordingOf({ endpoint, namespace, time, body, noted, generation: context.generation }, thread);
    },
    close: (withinMs = CLOSE_MS) => thread.close(withinMs),
  };
}

interface Begun extends Pick<Note, 'endpoint' | 'namespace' | 'time' | 'generation'> {
  readonly body: Buffer;
  readonly noted: NotedFacts;
}

function recordingOf(begun: Begun, { queue, counted }: Pick<OpenThread, 'queue' | 'counted'>): Recording {
  const { noted, endpoint, namespace, time, generation } = begun;
  const about = { endpoint, namespace, time, generation };
  // undefined: there is no room for it.
  let body: Buffer | undefined = begun.body;
  let reserved = 0;
  return {
    context: noted.context,
    wait() {
      const { length } = begun.body;
      if (queue.reserve(length)) {
        reserved = length;
        body = Buffer.from(begun.body);
      } else body = undefined;
    },
    end(answer, durationMs) {
      queue.release(reserved);
      if (body === undefined) return queue.drop();
      const note = { ...about, durationMs, answer, facts: noted.facts() };
      if (!counted.count(note, body, time)) queue.add(note, body);
      return undefined;
    },
    drop() {
      queue.release(reserved);
      queue.drop();
    },
  };
}

function namespaceTest({
  namespaces,
  excludedNamespaces,
}: RecordingSettings): (namespace: string | undefined) => boolean {
  const included = compileGlobs(namespaces);
  const excluded = compileGlobs(excludedNamespaces);
  return (namespace) => (namespace === undefined ? namespaces.length === 0 : isIn(namespace) && !excluded(namespace));

  function isIn(namespace: string): boolean {
    return namespaces.length === 0 || included(namespace);
  }
}

/** Secrets are remembered for seconds, and with them what is recorded of them. */
function noteOptions(hashKey: string): NoteOptions {
  const hashUser = userHash(hashKey);
  const known = new WeakMap<PullSecret, RecordedSecret>();
  return {
    hashUser,
    secretOf(secret) {
      const recorded = known.get(secret) ?? recordedSecret(secret, hashUser);
      known.set(secret, recorded);
      return recorded;
    },
  };
}

interface OpenThread {
  readonly queue: Queue;
  readonly counted: CountedReviews;
  close(withinMs: number): Promise<void>;
}

type Reports = Pick<RecorderServices, 'log' | 'metrics'>;

function openThread(settings: WriterSettings, { log, metrics }: Reports): OpenThread {
  const closed = Promise.withResolvers<void>();
  const queue = createQueue({
    onBlock: (memory, { used, reviews }) => thread.send({ type: 'batch', memory, used, reviews }, [memory]),
    onDrop: (counts) => {
      metrics.count(counts);
    },
  });
  const sendRepeats = (repeats: readonly ShapeRepeats[]): void =>
    thread.send({ type: 'repeats', repeats, dropped: queue.takeDropped() });
  const counted = createCountedReviews(sendRepeats);
  let unsaved = 0;
  const thread: RecordingThread = startThread(settings, {
    onMessage(message) {
      if ('counts' in message) {
        metrics.count(message.counts);
        unsaved = message.unsaved;
      }
      if (message.type === 'closed') closed.resolve();
      else if (message.type === 'failed' || message.type === 'recovered')
        reportState(message, settings.directory, { log, metrics });
      else receive(message, { thread, queue, counted });
    },
    onError(error) {
      queue.end();
      counted.end();
      metrics.setFailing(true);
      log.error({ err: error }, 'internal error: reviews are no longer recorded; this is a bug in tidewaiter');
      closed.resolve();
    },
  });
  const onLate = (withinMs: number): void => {
    const lost = queue.reviews() + counted.reviews() + unsaved;
    log.error({ directory: settings.directory, lost }, `recorded reviews were not written within ${withinMs} ms`);
    closed.resolve();
  };
  return {
    queue,
    counted,
    close: (withinMs) => closeThread({ thread, queue, counted }, { withinMs, closed: closed.promise, onLate }),
  };
}

interface Connected extends Pick<OpenThread, 'queue' | 'counted'> {
  readonly thread: RecordingThread;
}

function receive(message: FromThread, { thread, queue, counted }: Connected): void {
  if (message.type === 'done') queue.take(message.memory, message.reviews);
  else if (message.type === 'counted') counted.taken(message.reviews);
  else if (message.type === 'learned') counted.learn(message.known);
  else if (message.type === 'forget') counted.forget();
  else if (message.type === 'ending') {
    counted.forget();
    thread.send({ type: 'settled' });
  }
}

interface Closing {
  readonly withinMs: number;
  readonly closed: Promise<void>;
  readonly onLate: (withinMs: number) => void;
}

async function closeThread(
  { thread, queue, counted }: Connected,
  { withinMs, closed, onLate }: Closing,
): Promise<void> {
  queue.send();
  counted.send();
  thread.send({ type: 'repeats', repeats: [], dropped: queue.takeDropped() });
  queue.end();
  counted.end();
  thread.send({ type: 'close' });
  const late = setTimeout(onLate, withinMs, withinMs);
  await closed;
  clearTimeout(late);
  await thread.terminate();
}

type State = Extract<FromThread, { readonly type: 'failed' | 'recovered' }>;

function reportState(message: State, directory: string, { log, metrics }: Reports): void {
  if (message.type === 'failed') {
    metrics.setFailing(true);
    const { reason } = message;
    log.error({ directory, reason }, 'reviews cannot be recorded; tidewaiter tries again every 10 s');
  } else if (message.type === 'recovered') {
    metrics.setFailing(false);
    log.info({ directory }, 'reviews are recorded again');
  }
}
