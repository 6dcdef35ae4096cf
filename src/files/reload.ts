/**
 * Loads files again when they change. Directories are watched, and a poll finds what no event reports: network file systems send
 * none, and the kernel drops events. A load counts only if no file changed during it, so that it is one state of all files.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../error/user-error.ts';
import { type Fingerprint, fingerprintOf } from './fingerprint.ts';
import { watchFolders } from './watched-folders.ts';

export interface ReloadLimits {
  readonly pollMs: number;
  /** Files are loaded when they have not changed for so long. */
  readonly quietMs: number;
  /** How often it waits for quiet files, and how often it loads files that changed during the load. */
  readonly attempts: number;
}

export const RELOAD_LIMITS: ReloadLimits = { pollMs: 10_000, quietMs: 150, attempts: 10 };

/** Some file systems store times in seconds, so two writes within this time can look like one. */
const COARSE_MS = 2000;

export interface ReloadOptions<T> {
  /** The files and directories; the list can depend on what the last load read. */
  readonly paths: () => readonly string[];
  /** The state of the files before the first load. */
  readonly first: Fingerprint;
  /** Rejects if a file is invalid. Does not change anything yet. */
  readonly load: (fingerprint: Fingerprint) => Promise<T>;
  readonly apply: (loaded: T) => Promise<void>;
  /** Ends what `load` returned if a file changed during it, or if it cannot be applied. */
  readonly discard: (loaded: T) => Promise<void>;
  /** Gets the error of `load` or `apply`. */
  readonly fail: (error: unknown) => void;
  readonly limits?: ReloadLimits;
}

export interface Reload {
  /** Loads at once, whether or not a file has changed, and resolves when that is done. */
  now(): Promise<void>;
  /** Resolves when the load in progress has ended. */
  close(): Promise<void>;
}

type Reason = 'event' | 'poll' | 'request';

export function startReload<T>(options: ReloadOptions<T>): Reload {
  const { paths, limits = RELOAD_LIMITS } = options;
  const state: State = { last: options.first, reasons: new Set(), isClosed: false };
  let round: Promise<void> | undefined;
  const folders = watchFolders(() => void wake('event'));
  const rounds = async (): Promise<void> => {
    while (state.reasons.size > 0 && !state.isClosed) {
      const isPoll = !state.reasons.has('event') && !state.reasons.has('request');
      const before = state.last;
      await reloadOnce(options, limits, state);
      // A change without an event: a directory was replaced, and its watch with it.
      if (isPoll && state.last !== before) folders.close();
      if (!state.isClosed) folders.keep(state.last.directories);
    }
    round = undefined;
  };
  const wake = (reason: Reason): Promise<void> => {
    state.reasons.add(reason);
    return (round ??= rounds());
  };
  const poll = setInterval(() => void wake('poll'), limits.pollMs).unref();
  folders.keep(options.first.directories);
  void fingerprintOf(paths()).then(({ directories }) => state.isClosed || folders.keep(directories));
  return {
    now: () => wake('request'),
    async close() {
      state.isClosed = true;
      clearInterval(poll);
      folders.close();
      await round;
    },
  };
}

interface State {
  last: Fingerprint;
  readonly reasons: Set<Reason>;
  isClosed: boolean;
}

async function reloadOnce<T>(options: ReloadOptions<T>, limits: ReloadLimits, state: State): Promise<void> {
  const taken = new Set<Reason>();
  for (let attempt = 1; attempt <= limits.attempts; attempt += 1) {
    const before = await quietFingerprint(options.paths(), { state, taken, limits });
    if (state.isClosed || (attempt === 1 && !hasChanged(before, state.last, taken))) return;
    if (await loadOnce(before, options, state)) return;
  }
  state.last = await fingerprintOf(options.paths());
  options.fail(
    new UserError('the files change all the time, so no state of them can be loaded; write them less often'),
  );
}

/** Returns false if a file changed during the load, which then counts for nothing. */
async function loadOnce<T>(
  before: Fingerprint,
  { paths, load, apply, discard, fail }: ReloadOptions<T>,
  state: State,
): Promise<boolean> {
  const named = paths();
  const loaded = await settled(load(before));
  const after = await fingerprintOf(named);
  const isCurrent = after.text === before.text;
  if (isCurrent) state.last = after;
  if ('error' in loaded) {
    if (isCurrent) fail(loaded.error);
  } else if (isCurrent && !state.isClosed) {
    const applied = await settled(apply(loaded.value));
    if (!('error' in applied)) return true;
    await discard(loaded.value);
    fail(applied.error);
  } else {
    await discard(loaded.value);
  }
  return isCurrent;
}

function hasChanged(now: Fingerprint, last: Fingerprint, reasons: ReadonlySet<Reason>): boolean {
  if (reasons.has('request') || now.text !== last.text) return true;
  const isCoarse = now.writtenMs % 1000 === 0 && Math.abs(Date.now() - now.writtenMs) < COARSE_MS;
  return reasons.has('event') && isCoarse;
}

interface Round {
  readonly state: State;
  /** The reasons for this load. */
  readonly taken: Set<Reason>;
  readonly limits: ReloadLimits;
}

/** Waits until the files do not change for a while. Events until then belong to the state that it returns. */
async function quietFingerprint(
  paths: readonly string[],
  { state, taken, limits: { quietMs, attempts } }: Round,
): Promise<Fingerprint> {
  let before = await fingerprintOf(paths);
  for (let attempt = 1; attempt < attempts && !state.isClosed; attempt += 1) {
    await delay(quietMs);
    for (const reason of state.reasons) taken.add(reason);
    state.reasons.clear();
    const now = await fingerprintOf(paths);
    if (now.text === before.text) return now;
    before = now;
  }
  return before;
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}
