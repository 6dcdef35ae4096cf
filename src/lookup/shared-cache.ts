/**
 * Responses of registries that replicas share in Valkey or Redis. An error, or no reply within 50 ms, is a cache miss. After
 * several timeouts in a row, tidewaiter pauses its use of the server.
 */
import type { ConnectionOptions } from 'node:tls';
import type { Valkey } from 'iovalkey';
import type { FoundManifest } from '../registry/client.ts';
import type { ImageKey } from './image-key.ts';
import type { SharedValue, SharedValues } from './registry-fetch.ts';
import { sharedEntries } from './shared-entry.ts';

export interface SharedCacheSettings {
  readonly server: SharedServer;
  /** The key that seals entries: see shared-entry.ts. */
  readonly key: () => Uint8Array;
  /** The maximum age of an entry; an integer. */
  readonly maxAgeMs: number;
}

export interface SharedServer {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  /** A function, so that printing the settings does not show the password. */
  readonly password: (() => string) | undefined;
  readonly tls: Pick<ConnectionOptions, 'ca'> | undefined;
}

export interface SharedCache extends SharedValues<FoundManifest> {
  close(): void;
}

export interface SharedCacheSurroundings {
  readonly now: () => number;
  /** Called once for each outage of the server, with the reason. */
  readonly warn: (message: string) => void;
}

const WAIT_MS = 50;
const CONNECT_MS = 2000;
const MAX_RETRY_MS = 5000;
/** Timeouts in a row before a pause. */
const MAX_HANGING = 3;
const PAUSE_MS = 5000;

export async function createSharedCache(
  settings: SharedCacheSettings,
  { now, warn }: SharedCacheSurroundings,
): Promise<SharedCache> {
  const { maxAgeMs } = settings;
  const entries = sharedEntries({ key: settings.key(), maxAgeMs, now });
  const name = `the shared cache at ${settings.server.host}:${settings.server.port}`;
  const outage = outageReporter((reason) => warn(`${name} is not used: ${reason}`));
  const client = await connect(settings.server);
  client.on('error', (error: unknown) => outage.begin(reasonOf(error)));
  client.on('ready', () => outage.end());
  // The client reconnects by itself.
  client.connect().catch((error: unknown) => outage.begin(reasonOf(error)));
  const hanging = hangingGuard(now, () => {
    outage.begin(`no response within ${WAIT_MS} ms`);
    client.disconnect(true);
  });

  return {
    get: (key, attempt) => read(entries.nameOf(key, attempt), key),
    set(key, attempt, answer) {
      if (client.status !== 'ready' || hanging.isPaused()) return;
      const entryName = entries.nameOf(key, attempt);
      void inTime(client.set(entryName, entries.seal(entryName, answer), 'PX', Math.max(1, maxAgeMs)), hanging);
    },
    delete(key, attempt, fetchedBeforeMs) {
      void deleteOld(entries.nameOf(key, attempt), key, fetchedBeforeMs);
    },
    close: () => client.disconnect(),
  };

  /** Leaves fresh entries, which other callers use. If another replica has just stored a new entry, its loss costs one request. */
  async function deleteOld(entryName: string, key: ImageKey, fetchedBeforeMs: number): Promise<void> {
    const entry = await read(entryName, key);
    if (entry === undefined || entry.atMs > fetchedBeforeMs) return;
    await inTime(client.del(entryName), hanging);
  }

  async function read(entryName: string, key: ImageKey): Promise<SharedValue<FoundManifest> | undefined> {
    if (client.status !== 'ready' || hanging.isPaused()) return undefined;
    const text = await inTime(client.get(entryName), hanging);
    return typeof text === 'string' ? entries.open(entryName, key, text) : undefined;
  }
}

async function connect({ host, port, database, username, password, tls }: SharedServer): Promise<Valkey> {
  // In a bundle, a CommonJS package has only the default export.
  const { default: iovalkey } = await import('iovalkey');
  return new iovalkey.Valkey({
    host,
    port,
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password() }),
    ...(tls === undefined ? {} : { tls: { ...tls, servername: host } }),
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT_MS,
    retryStrategy: (times) => Math.min(times * 200, MAX_RETRY_MS),
  });
}

interface HangingGuard {
  isPaused(): boolean;
  answered(): void;
  hung(): void;
}

function hangingGuard(now: () => number, onHanging: () => void): HangingGuard {
  let inARow = 0;
  let pausedUntilMs = -Infinity;
  return {
    isPaused: () => now() < pausedUntilMs,
    answered: () => void (inARow = 0),
    hung() {
      inARow += 1;
      if (inARow < MAX_HANGING) return;
      inARow = 0;
      pausedUntilMs = now() + PAUSE_MS;
      onHanging();
    },
  };
}

/** Returns undefined after a timeout or an error. The events of the connection report the reason. */
async function inTime<T>(answer: Promise<T>, hanging: HangingGuard): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    hanging.hung();
    resolve(undefined);
  }, WAIT_MS);
  const settled = answer.then(
    (value) => {
      hanging.answered();
      return value;
    },
    () => undefined,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

function outageReporter(report: (reason: string) => void): {
  readonly begin: (reason: string) => void;
  readonly end: () => void;
} {
  let isReported = false;
  return {
    begin(reason) {
      if (!isReported) report(reason);
      isReported = true;
    },
    end: () => void (isReported = false),
  };
}

/** Returns only the code, such as `ECONNREFUSED` or `WRONGPASS`: the rest of the message can contain the password. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.name;
}
