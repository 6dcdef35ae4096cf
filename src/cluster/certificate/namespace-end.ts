/**
 * Deletes the webhook configurations of a server whose namespace is being deleted: they have no namespace, so they would remain, and
 * API servers would call a server that is gone. Nothing else deletes them: not a rollout, an eviction, a scale-down, or a crash.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { ApiError, type ClusterApi } from '../api.ts';
import { watchObjects } from '../watch.ts';
import { accessible } from './missing-access.ts';
import { isConflict, messageOf } from './registrar.ts';
import { deleteConfiguration, readConfigurations, serviceNamespaceOf } from './webhook-configurations.ts';

export interface NamespaceEnd {
  /** Whether the namespace is being deleted, as far as is known. */
  isKnown(): boolean;
  /**
   * Reads the namespace again, because the watch can be late. If it is being deleted, resolves when the configurations are deleted, or
   * when that takes too long.
   */
  check(): Promise<void>;
  stop(): void;
}

export interface NamespaceEndOptions {
  /** Receives what this replica deleted. */
  readonly onNote: (note: string) => void;
  /** Receives why the namespace or the configurations cannot be read or deleted. */
  readonly onProblem: (problem: string) => void;
  readonly times?: NamespaceEndTimes;
}

export interface NamespaceEndTimes {
  /** For one `check`. */
  readonly checkMs: number;
  /** Between two attempts to delete the configurations. */
  readonly retryMs: number;
}

const TIMES: NamespaceEndTimes = { checkMs: 4000, retryMs: 1000 };
/** Longer than a Pod has to stop. */
const MAX_ATTEMPTS = 60;

interface Seen {
  readonly uid: unknown;
  readonly isEnding: boolean;
}

export function followNamespace(api: ClusterApi, options: NamespaceEndOptions): NamespaceEnd {
  const { namespace } = api;
  const { checkMs } = options.times ?? TIMES;
  const end = new AbortController();
  const { signal } = end;
  let uid: unknown;
  let removal: Promise<void> | undefined;
  const onEnd = (): void => void (removal ??= keepRemoving(api, options, signal));
  const see = (found: Seen): void => {
    uid ??= found.uid;
    // A namespace of the same name that was created afterward is not the one of this server.
    if (found.isEnding && found.uid === uid) onEnd();
  };
  const read = async (): Promise<void> => {
    const rule = { verb: 'get', resource: 'namespaces', name: namespace };
    try {
      const request = api.request({ path: `/api/v1/namespaces/${namespace}`, timeoutMs: checkMs }, signal);
      see(seenIn(await accessible(rule, request)));
    } catch (error) {
      // A namespace that this server has never seen does not exist for another reason.
      if (error instanceof ApiError && error.status === 404) return uid === undefined ? undefined : onEnd();
      if (!signal.aborted) options.onProblem(messageOf(error));
    }
  };
  const watch = watchObjects(api, {
    path: '/api/v1/namespaces',
    query: { fieldSelector: `metadata.name=${namespace}` },
    valueOf: seenIn,
    signal,
    onChange() {
      const found = watch.objects.get(namespace);
      if (found === undefined) void read();
      else see(found);
    },
  });
  return {
    isKnown: () => removal !== undefined,
    async check() {
      await read();
      const late = new AbortController();
      const limit = delay(checkMs, undefined, { signal: late.signal }).catch(() => undefined);
      await Promise.race([removal, limit]);
      late.abort();
    },
    stop: () => end.abort(),
  };
}

function seenIn({ metadata }: JsonObject): Seen {
  const { uid, deletionTimestamp } = isObject(metadata) ? metadata : {};
  return { uid, isEnding: deletionTimestamp !== undefined };
}

async function keepRemoving(
  api: ClusterApi,
  { onNote, onProblem, times: { retryMs } = TIMES }: NamespaceEndOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS && !signal.aborted; attempts += 1) {
    try {
      for (const kind of await removeConfigurations(api, signal)) {
        onNote(`deleted ${kind} "tidewaiter", because namespace "${api.namespace}" is being deleted`);
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isConflict(error)) onProblem(messageOf(error));
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns the kinds of what was deleted. A configuration that another replica has deleted first is not an error. */
async function removeConfigurations(api: ClusterApi, signal: AbortSignal): Promise<readonly string[]> {
  const { configurations, forbidden } = await readConfigurations(api, signal);
  if (forbidden !== undefined) throw new Error(forbidden);
  const called = configurations.flatMap(({ webhooks }) => webhooks.map(serviceNamespaceOf));
  // An installation that has moved to another namespace goes on there.
  if (called.length === 0 || called.some((namespace) => namespace !== api.namespace)) return [];
  const deleted = await Promise.all(
    configurations.map(async (one) => ((await deleteConfiguration(api, one, signal)) ? one.kind : [])),
  );
  return deleted.flat();
}
