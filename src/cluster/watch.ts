/**
 * Keeps the objects of one collection by a watch. The objects survive interruptions of the connection; after HTTP status 410,
 * all are read again and replaced as a whole.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { annotationOf } from '../pod/metadata.ts';
import { objectOf, textOf } from '../pod/pod-status.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { readObjects } from '../pod/read.ts';
import { ApiError, ApiOutage, type ClusterApi, type WatchEvent } from './api.ts';
import { pagesOf } from './pages.ts';

export interface WatchOptions<T> {
  /** Of the collection, for example `/api/v1/namespaces`. */
  readonly path: string;
  /** For example a `fieldSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /** The part of an object that is kept. */
  readonly valueOf: (object: JsonObject) => T;
  /** Called after the initial objects and after each change. */
  readonly onChange?: (() => void) | undefined;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  readonly times?: Partial<WatchTimes>;
  /** Milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface Watch<T> {
  /** By name, or by `namespace/name`. */
  readonly objects: ReadonlyMap<string, T>;
  readonly isSynced: boolean;
  /** Resolves when all objects were read for the first time. */
  readonly synced: Promise<void>;
  /** The error that ended the last connection; undefined: the connection works. */
  readonly failure: Error | undefined;
  /** Seconds since the last event or bookmark, or since the start. */
  idleSeconds(): number;
}

export interface WatchTimes {
  /** The first delay before a new connection; it doubles with each failure. */
  readonly delayMs: number;
  /** A connection whose last event comes after this time resets the delay. */
  readonly maxDelayMs: number;
  /** API servers send a bookmark about once a minute, and sometimes only after two. */
  readonly idleMs: number;
  /** For all initial events. API servers before Kubernetes 1.32 and some proxies never send their end. */
  readonly initialMs: number;
}

const TIMES: WatchTimes = { delayMs: 500, maxDelayMs: 30_000, idleMs: 150_000, initialMs: 30_000 };
/** The API server ends the watch after 5 to 10 minutes, so that connections spread over its replicas. */
const MIN_SECONDS = 300;
const PAGES = { pageSize: 500, maxPages: 1000 };
/** After as many failures, all objects are read again: a restored etcd has lower versions. */
const MAX_RESUMED = 3;

type Objects<T> = Map<string, T>;

interface State<T> extends WatchOptions<T>, Watch<T> {
  readonly api: ClusterApi;
  readonly times: WatchTimes;
  readonly now: () => number;
  readonly onSynced: () => void;
  objects: Objects<T>;
  isSynced: boolean;
  failure: Error | undefined;
  lastEventMs: number;
  /** undefined: all objects must be read. */
  version: string | undefined;
  /** Whether the API server can send the initial objects as events. */
  sendsInitialEvents: boolean;
}

export function watchObjects<T>(api: ClusterApi, options: WatchOptions<T>): Watch<T> {
  const { promise: synced, resolve: onSynced } = Promise.withResolvers<void>();
  const { now = () => performance.now() } = options;
  const state: State<T> = {
    ...options,
    api,
    times: { ...TIMES, ...options.times },
    now,
    synced,
    onSynced,
    objects: new Map(),
    isSynced: false,
    failure: undefined,
    lastEventMs: now(),
    version: undefined,
    sendsInitialEvents: true,
    idleSeconds: () => (now() - state.lastEventMs) / 1000,
  };
  void keepConnected(state);
  return state;
}

async function keepConnected<T>(state: State<T>): Promise<void> {
  const { signal, now, times } = state;
  for (let failures = 0; !signal.aborted;) {
    const startMs = now();
    const error = await connect(state).catch((cause: Error) => cause);
    if (signal.aborted) return;
    state.failure = error ?? undefined;
    if (isExpired(error) || failures >= MAX_RESUMED) state.version = undefined;
    const isHealthy = state.lastEventMs - startMs >= times.maxDelayMs;
    const longest = Math.min(times.maxDelayMs, times.delayMs * 2 ** (isHealthy ? 0 : failures));
    failures = isHealthy ? 0 : failures + 1;
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}

/** Returns when the API server ends the watch. */
async function connect<T>(state: State<T>): Promise<void> {
  if (state.version === undefined && state.sendsInitialEvents) return watchFromStart(state);
  if (state.version === undefined) await list(state);
  await receive(state, { resourceVersion: state.version ?? '' }, state.signal);
}

/** The objects are replaced when the last initial event has come. */
async function watchFromStart<T>(state: State<T>): Promise<void> {
  const late = new AbortController();
  const reason = new ApiOutage('the initial objects did not come in time');
  const timer = setTimeout(() => state.version === undefined && late.abort(reason), state.times.initialMs);
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  try {
    await receive(state, query, AbortSignal.any([state.signal, late.signal]));
    if (state.version === undefined) throw new ApiOutage('the watch ended before all objects had come');
  } catch (error) {
    // Servers without watch-list return 422 (the parameter is forbidden); older ones send no end of the initial events.
    const isRejected = error instanceof ApiError && (error.status === 400 || error.status === 422);
    if (state.version === undefined && (isRejected || error === reason)) state.sendsInitialEvents = false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** For API servers that send no initial events. */
async function list<T>(state: State<T>): Promise<void> {
  const { api, path, query, signal, valueOf } = state;
  const listed: Objects<T> = new Map();
  for await (const { list: page, hasNext } of pagesOf(api, { path, query: query ?? {}, ...PAGES }, signal)) {
    for (const object of readObjects(page, 'items', '')) listed.set(keyOf(object), valueOf(object));
    if (!hasNext) replaceAll(state, listed, versionOf(page));
  }
  if (state.version === undefined) throw new ApiOutage('the list of objects has no end');
}

async function receive<T>(
  state: State<T>,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { api, path, times, now } = state;
  const initial: Objects<T> = new Map();
  const timeoutSeconds = String(Math.round(MIN_SECONDS * (1 + Math.random())));
  const common = { ...state.query, allowWatchBookmarks: 'true', timeoutSeconds };
  for await (const event of api.watch({ path, query: { ...common, ...query }, idleMs: times.idleMs }, signal)) {
    state.lastEventMs = now();
    state.failure = undefined;
    const { type, object } = event;
    if (state.version === undefined) {
      if (isEndOfInitialEvents(event)) replaceAll(state, initial, versionOf(object));
      else apply(initial, event, state.valueOf);
    } else {
      state.version = versionOf(object);
      apply(state.objects, event, state.valueOf);
      if (type !== 'BOOKMARK') state.onChange?.();
    }
  }
}

function replaceAll<T>(state: State<T>, objects: Objects<T>, version: string): void {
  state.objects = objects;
  state.version = version;
  state.isSynced = true;
  state.lastEventMs = state.now();
  state.onSynced();
  state.onChange?.();
}

function apply<T>(objects: Objects<T>, { type, object }: WatchEvent, valueOf: WatchOptions<T>['valueOf']): void {
  if (type === 'DELETED') objects.delete(keyOf(object));
  else if (type !== 'BOOKMARK') objects.set(keyOf(object), valueOf(object));
}

function keyOf(object: JsonObject): string {
  const { namespace } = objectOf(object['metadata']);
  const name = requiredText(object, 'name');
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
}

function versionOf(object: JsonObject): string {
  return requiredText(object, 'resourceVersion');
}

function requiredText({ metadata }: JsonObject, key: string): string {
  const text = textOf(objectOf(metadata)[key]) ?? '';
  if (text === '') throw new ApiOutage(`an object of the watch has no ${key}`);
  return text;
}

function isEndOfInitialEvents({ type, object }: WatchEvent): boolean {
  return type === 'BOOKMARK' && annotationOf(object, 'k8s.io/initial-events-end') === 'true';
}

/** The API server no longer has the events since the version. */
function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}
