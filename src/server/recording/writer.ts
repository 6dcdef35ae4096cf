/** Writes reviews to the segments of a recording. Runs in a thread of its own, so that it can wait for the disk. */
import { createHmac } from 'node:crypto';
import type { RecordedRepeats, RecordedReview } from '../../recording/format.ts';
import { type Repeats, shapeMemory, type ShapeMemory } from '../../recording/repeats.ts';
import { isObject } from '../../pod/pointer.ts';
import type { HashUser } from '../../recording/secret.ts';
import { type KnownReview, knownReview } from '../fast/known-reviews.ts';
import { notedIn, type Noted, type ShapeRepeats } from './batch.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import { noCounts, noneUnsafe, type RecordingCounts, type Unsafe } from './counts.ts';
import { type LineContent, lineContent, type LineOptions } from './recorded-lines.ts';
import { createSegments, type Segments } from './segments.ts';
import type { WriterSettings } from './settings.ts';

export interface WriterEvents {
  /** The directory cannot be written; `reason` is an error code. */
  onFailure(reason: string): void;
  /** It can be written again. */
  onRecovery(): void;
  /** Called after each review. */
  onReview?(): void;
  /** Reviews like this one can be counted by `addRepeats`. */
  onLearned?(known: KnownReview): void;
  /** `addRepeats` got a shape without a line. */
  onForgotten?(): void;
  /** `endIfDue` must be called when the counts of the file are added; undefined: there are none. */
  onEnding?: (() => void) | undefined;
}

export interface RecordingWriter {
  /** Never rejects because of the disk or of a review. */
  add(batch: Buffer): Promise<void>;
  /** Counts reviews. Those of shapes without a line are lost. `dropped`: reviews that the next line tells. */
  addRepeats(repeats: readonly ShapeRepeats[], dropped?: number): void;
  /** Ends a file that is too large or too old. */
  endIfDue(): Promise<void>;
  /** Brings to the disk what waits. To be called about once a second. */
  tick(): Promise<void>;
  close(): Promise<void>;
  /** Returns the counts since the last call. */
  take(): RecordingCounts;
  /** Reviews that are lost if the process ends now. */
  unsaved(): number;
}

/** Shapes in one segment. The remembered part of each takes about 200 bytes. */
const MAX_SHAPES = 20_000;
/** A shape that occurs all the time has a line of type repeats in this interval; an end of the process loses that count. */
const REPEATS_MS = 60_000;
const RETRY_MS = 10_000;
/** Reviews that the server learns in a second. */
const MAX_LEARNED = 300;
/** The time in which a namespace has its share. */
const SHARE_MS = 3_600_000;
const BUFFER_LENGTH = 64 * 1024;
const USER_DIGITS = 12;

type NewLine = Omit<RecordedReview, 'id' | 'dropped'> | Omit<RecordedRepeats, 'dropped'>;

export function userHash(key: string): HashUser {
  return (name) => `user-${createHmac('sha256', key).update(name).digest('hex').slice(0, USER_DIGITS)}`;
}

/** `now`: milliseconds since 1970. */
export function createWriter(
  settings: WriterSettings,
  events: WriterEvents,
  now: () => number = Date.now,
): RecordingWriter {
  const { version, hashKey, redact } = settings;
  const state: State = {
    settings,
    events,
    now,
    segments: createSegments(settings, (bytes) => void (state.counts.bytes += bytes)),
    shapes: shapeMemory(MAX_SHAPES),
    learned: new Set(),
    options: { version, fields: new Set(redact), hashUser: userHash(hashKey) },
    // A whole file, if its lines could not be compressed.
    allowance: createAllowance(settings.segmentBytes, SHARE_MS),
    counts: noCounts(),
    buffer: '',
    lines: 0,
    dropped: 0,
    unsafe: noneUnsafe(),
    retryAt: 0,
    isFailing: false,
  };
  return {
    async add(batch) {
      for (const noted of notedIn(batch)) {
        await addOne(noted, state);
        events.onReview?.();
      }
    },
    addRepeats(repeats, dropped = 0) {
      state.dropped += dropped;
      for (const one of repeats) addRepeatsOf(one, state);
    },
    endIfDue: () => attempt(state, () => endIfDue(state)),
    tick: () => attempt(state, () => flush(state)),
    close: () => attempt(state, () => endSegment(state)),
    take() {
      const taken = state.counts;
      state.counts = noCounts();
      return taken;
    },
    unsaved: () => state.unsafe.recorded + state.unsafe.repeated + state.shapes.pending(),
  };
}

interface State {
  readonly settings: WriterSettings;
  readonly events: WriterEvents;
  readonly now: () => number;
  readonly segments: Segments;
  readonly shapes: ShapeMemory;
  /** Shapes, since the last tick. */
  readonly learned: Set<string>;
  readonly options: LineOptions;
  readonly allowance: Allowance;
  counts: RecordingCounts;
  /** Lines that the segment does not have yet. */
  buffer: string;
  /** For their ids. */
  lines: number;
  /** Told in the next line. */
  dropped: number;
  /** What lines say that may not be on the disk yet. */
  unsafe: Unsafe;
  retryAt: number;
  isFailing: boolean;
}

async function addOne(noted: Noted, state: State): Promise<void> {
  const { settings, shapes, counts, options } = state;
  state.dropped += noted.note.dropped;
  const line = lineContent(noted, options);
  if (line === 'unrecorded') {
    counts.unrecorded += 1;
    return;
  }
  if (line === 'unreadable') return lose(1, state);
  if (settings.each === 'shape' && shapes.isRepeat(line.shape, line.time)) {
    learn(noted, line, state);
    return;
  }
  const namespace = namespaceOf(line);
  if (!state.allowance.take(namespace, noted.body.length, state.now())) {
    counts.limited += 1;
    state.dropped += 1;
    return;
  }
  const id = await attempt(state, () => append(line, state));
  if (id === undefined) return lose(1, state);
  state.unsafe.recorded += 1;
  appendRepeats(shapes.add(line.shape, id, namespace), state);
  if (state.buffer.length > BUFFER_LENGTH) await attempt(state, () => write(state));
}

/** Not from the end of a file: its counts are settled already. */
function learn({ note, body }: Noted, line: LineContent, { learned, events, segments, now }: State): void {
  if (events.onLearned === undefined || segments.isDue(now())) return;
  if (learned.size >= MAX_LEARNED || learned.has(line.shape)) return;
  learned.add(line.shape);
  const known = knownReview(note, body, line);
  if (known !== undefined) events.onLearned(known);
}

function addRepeatsOf({ shape, count, first, last }: ShapeRepeats, state: State): void {
  const [from, to] = [new Date(first).toISOString(), new Date(last).toISOString()];
  if (state.shapes.addRepeats(shape, { count, first: from, last: to })) return;
  lose(count, state);
  state.events.onForgotten?.();
}

/** Empty for objects without a namespace. */
function namespaceOf({ review }: LineContent): string {
  const { request } = review;
  return isObject(request) && typeof request['namespace'] === 'string' ? request['namespace'] : '';
}

function lose(reviews: number, state: State): void {
  state.dropped += reviews;
  state.counts.dropped += reviews;
}

/** Calls `work`, which writes, unless the disk has failed a moment ago. Returns undefined if it fails. */
async function attempt<T>(state: State, work: () => T | Promise<T>): Promise<T | undefined> {
  if (state.now() < state.retryAt) return undefined;
  try {
    return await work();
  } catch (error) {
    fail(error, state);
    return undefined;
  }
}

function fail(error: unknown, state: State): void {
  const { recorded, repeated, dropped } = state.unsafe;
  const pending = state.shapes.pending();
  state.segments.abandon();
  state.shapes.clear();
  state.buffer = '';
  state.unsafe = noneUnsafe();
  state.dropped += dropped;
  lose(recorded + repeated + pending, state);
  state.retryAt = state.now() + RETRY_MS;
  if (!state.isFailing) state.events.onFailure(codeOf(error));
  state.isFailing = true;
}

/** Returns the id of the line. The lines of one shape are in one segment, because others can be removed. */
function append(line: NewLine, state: State): string {
  const segment = state.segments.open(state.now());
  state.lines += 1;
  const id = `${segment.id}-${state.lines}`;
  const { format, type, ...rest } = line;
  const identity = type === 'review' ? { format, type, id } : { format, type };
  state.buffer += `${JSON.stringify({ ...identity, ...rest, dropped: state.dropped })}\n`;
  state.unsafe.dropped += state.dropped;
  state.dropped = 0;
  return id;
}

function appendRepeats(list: readonly Repeats[], state: State): void {
  for (const repeats of list) {
    append(repeats, state);
    state.unsafe.repeated += repeats.count;
  }
}

async function write(state: State): Promise<void> {
  const text = state.buffer;
  state.buffer = '';
  if (text !== '') await state.segments.current()?.write(text);
}

async function flush(state: State): Promise<void> {
  const { segments, shapes, now } = state;
  const segment = segments.current();
  if (segment === undefined) return;
  appendRepeats(shapes.take(now(), now() - REPEATS_MS), state);
  await write(state);
  await segment.flush();
  settle(state);
  if (state.isFailing) state.events.onRecovery();
  state.isFailing = false;
  if (segments.isDue(now()) && state.events.onEnding !== undefined) state.events.onEnding();
  else await endIfDue(state);
  state.learned.clear();
  segments.prune(now());
}

async function endIfDue(state: State): Promise<void> {
  if (state.segments.isDue(state.now())) await endSegment(state);
}

async function endSegment(state: State): Promise<void> {
  appendRepeats(state.shapes.take(state.now()), state);
  await write(state);
  state.shapes.clear();
  await state.segments.end();
  settle(state);
}

/** All lines are on the disk. */
function settle(state: State): void {
  const { recorded, repeated } = state.unsafe;
  state.counts.recorded += recorded;
  state.counts.repeated += repeated;
  state.unsafe = noneUnsafe();
}

/** The message of an error can have a path, which the server knows. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
