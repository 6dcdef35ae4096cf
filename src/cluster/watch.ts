/**
 * Keeps the objects of one collection by a watch. The objects survive interruptions of the connection; after HTTP status 410,
 * all are read again and replaced as a whole.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { annotationOf } from '../pod/metadata.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { readObjects, readString } from '../pod/read.ts';
import { ApiError, ApiOutage, type ClusterApi, type WatchEvent } from './api.ts';

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
  readonly maxDelayMs: number;
  /** A connection whose last event comes after this time resets the delay. */
  readonly healthyMs: number;
  /** API servers send a bookmark about once a minute, and sometimes only after two. */
  readonly idleMs: number;
  /** For all initial events. API servers before Kubernetes 1.32 and some proxies never send their end. */
  readonly initialMs: number;
}

const TIMES: WatchTimes = {
  delayMs: 500,
  maxDelayMs: 30_000,
  healthyMs: 30_000,
  idleMs: 150_000,
  initialMs: 30_000,
};
/** The API server ends the watch after 5 to 10 minutes, so that connections spread over its replicas. */
const MIN_SECONDS = 300;
const PAGE = '500';
/** After as many failures, all objects are read again: a restored etcd has lower versions. */
const MAX_RESUMED = 3;

interface State<T> {
  readonly api: ClusterApi;
  readonly options: WatchOptions<T>;
  readonly times: WatchTimes;
  readonly now: () => number;
  objects: Map<string, T>;
  /** undefined: all objects must be read. */
  version: string | undefined;
  /** Whether the API server can send the initial objects as events. */
  sendsInitialEvents: boolean;
  isSynced: boolean;
  failure: Error | undefined;
  lastEventMs: number;
  readonly onSynced: () => void;
}

export function watchObjects<T>(api: ClusterApi, options: WatchOptions<T>): Watch<T> {
  const { promise: synced, resolve: onSynced } = Promise.withResolvers<void>();
  const { now = () => performance.now() } = options;
  const state: State<T> = {
    api,
    options,
    times: { ...TIMES, ...options.times },
    now,
    objects: new Map(),
    version: undefined,
    sendsInitialEvents: true,
    isSynced: false,
    failure: undefined,
    lastEventMs: now(),
    onSynced,
  };
  void keepConnected(state);
  return {
    synced,
    get objects() {
      return state.objects;
    },
    get isSynced() {
      return state.isSynced;
    },
    get failure() {
      return state.failure;
    },
    idleSeconds: () => (now() - state.lastEventMs) / 1000,
  };
}

async function keepConnected<T>(state: State<T>): Promise<void> {
  const { times, options } = state;
  const { signal } = options;
  for (let failures = 0; !signal.aborted;) {
    const startMs = state.now();
    const error = await connect(state).catch((cause: unknown) => cause);
    if (signal.aborted) return;
    state.failure = error === undefined ? undefined : toError(error);
    if (isExpired(error) || failures >= MAX_RESUMED) state.version = undefined;
    const isHealthy = state.lastEventMs - startMs >= times.healthyMs;
    const longest = Math.min(times.maxDelayMs, times.delayMs * 2 ** (isHealthy ? 0 : failures));
    failures = isHealthy ? 0 : failures + 1;
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}

/** Returns when the API server ends the watch. */
async function connect<T>(state: State<T>): Promise<void> {
  if (state.version === undefined && state.sendsInitialEvents) return watchFromStart(state);
  if (state.version === undefined) await list(state);
  await receive(state, { resourceVersion: state.version ?? '' }, state.options.signal, (event) => apply(state, event));
}

/** The objects are replaced when the last initial event has come. */
async function watchFromStart<T>(state: State<T>): Promise<void> {
  const initial = new Map<string, T>();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), state.times.initialMs);
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  try {
    await receive(state, query, AbortSignal.any([state.options.signal, late.signal]), (event) => {
      if (state.version !== undefined) return apply(state, event);
      const { type, object } = event;
      if (type === 'DELETED') initial.delete(keyOf(object));
      else if (type !== 'BOOKMARK') initial.set(keyOf(object), state.options.valueOf(object));
      else if (isEndOfInitialEvents(object)) {
        clearTimeout(timer);
        replaceAll(state, initial, versionOf(object));
      }
    });
    if (state.version === undefined) throw new ApiOutage('the watch ended before all objects had come');
  } catch (error) {
    // Servers without watch-list return 422 (the parameter is forbidden); older ones send no end of the initial events.
    const isRejected = error instanceof ApiError && (error.status === 400 || error.status === 422);
    if (state.version === undefined && (isRejected || late.signal.aborted)) state.sendsInitialEvents = false;
    throw late.signal.aborted ? new ApiOutage('the initial objects did not come in time') : error;
  } finally {
    clearTimeout(timer);
  }
}

/** For API servers that send no initial events. */
async function list<T>(state: State<T>): Promise<void> {
  const { api, options } = state;
  const listed = new Map<string, T>();
  for (let position = ''; ;) {
    const query = { ...options.query, limit: PAGE, ...(position === '' ? {} : { continue: position }) };
    const page = await api.request({ path: options.path, query }, options.signal);
    for (const object of readObjects(page, 'items', '')) listed.set(keyOf(object), options.valueOf(object));
    position = (isObject(page['metadata']) && readString(page['metadata'], 'continue', '')) || '';
    if (position === '') return replaceAll(state, listed, versionOf(page));
  }
}

async function receive<T>(
  state: State<T>,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onEvent: (event: WatchEvent) => void,
): Promise<void> {
  const { api, options, times } = state;
  const timeoutSeconds = String(Math.round(MIN_SECONDS * (1 + Math.random())));
  const common = { allowWatchBookmarks: 'true', timeoutSeconds };
  const request = { path: options.path, query: { ...options.query, ...common, ...query }, idleMs: times.idleMs };
  for await (const event of api.watch(request, signal)) {
    if (!isObject(event) || !isObject(event.object)) throw new ApiOutage('an event of the watch is not an object');
    if (event.type === 'ERROR') throw errorOf(event.object);
    state.lastEventMs = state.now();
    state.failure = undefined;
    onEvent(event);
  }
}

function replaceAll<T>(state: State<T>, objects: Map<string, T>, version: string): void {
  state.objects = objects;
  state.version = version;
  state.isSynced = true;
  state.lastEventMs = state.now();
  state.onSynced();
  state.options.onChange?.();
}

function apply<T>(state: State<T>, { type, object }: WatchEvent): void {
  state.version = versionOf(object);
  if (type === 'BOOKMARK') return;
  if (type === 'DELETED') state.objects.delete(keyOf(object));
  else state.objects.set(keyOf(object), state.options.valueOf(object));
  state.options.onChange?.();
}

function keyOf({ metadata }: JsonObject): string {
  const { name, namespace } = isObject(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') throw new ApiOutage('an object of the watch has no name');
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
}

function versionOf({ metadata }: JsonObject): string {
  const version = isObject(metadata) ? metadata['resourceVersion'] : undefined;
  if (typeof version !== 'string' || version === '')
    throw new ApiOutage('an object of the watch has no resourceVersion');
  return version;
}

function isEndOfInitialEvents(bookmark: JsonObject): boolean {
  return annotationOf(bookmark, 'k8s.io/initial-events-end') === 'true';
}

function errorOf({ code, reason, message }: JsonObject): ApiError {
  const text = typeof message === 'string' ? message : 'the watch ended with an error';
  return new ApiError(typeof code === 'number' ? code : 500, typeof reason === 'string' ? reason : '', text);
}

/** The API server no longer has the events since the version. */
function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new ApiOutage(String(error));
}
