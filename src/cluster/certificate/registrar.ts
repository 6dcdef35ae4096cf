/** Writes the webhook configurations: caBundle, and all webhooks if the server registers itself. */
import { ApiError, type ClusterApi } from '../api.ts';
import type { Registration } from './registration.ts';
import {
  applyBundle,
  disownWebhooks,
  objectsIn,
  type ReadConfigurations,
  type WebhookConfiguration,
} from './webhook-configurations.ts';

export interface Registrar {
  /**
   * Sets caBundle in all webhooks, and returns the stored configurations. A failure is added to `problems`, because it must not stop
   * the renewal of the serving certificate.
   */
  spread(read: ReadConfigurations, bundle: string, problems: string[]): Promise<readonly WebhookConfiguration[]>;
}

export interface RegistrarOptions {
  /** undefined: others register the webhooks. */
  readonly registration: Registration | undefined;
  readonly onNote: (note: string) => void;
  readonly signal: AbortSignal;
}

export function createRegistrar(api: ClusterApi, { registration, onNote, signal }: RegistrarOptions): Registrar {
  /** What this process has registered, by kind. */
  const registered = new Map<unknown, string>();
  const spreadOne = async (found: WebhookConfiguration, bundle: string): Promise<WebhookConfiguration> => {
    const one = await disownWebhooks(api, found, signal);
    const object = registration?.objects().find(({ kind }) => kind === one.kind);
    const text = JSON.stringify(object);
    // Webhooks that another replica has registered stay, because its policies can be newer.
    const isDone = registered.get(one.kind) === text && one.isAsRegistered;
    if (object !== undefined && !isDone && registration?.isReady() === true) {
      const applied = await applyBundle(api, one, { bundle, registered: objectsIn(object['webhooks']) }, signal);
      registered.set(one.kind, text);
      onNote(`registered the webhooks of ${one.kind} "tidewaiter"`);
      return applied;
    }
    if (one.webhooks.every(({ caBundle }) => caBundle === bundle)) return one;
    const applied = await applyBundle(api, one, { bundle }, signal);
    onNote(`set caBundle in ${one.kind} "tidewaiter"`);
    return applied;
  };
  const missing = new Set<unknown>();
  /** Deleting a configuration stops all reviews, so the server does not create it. */
  const noteMissing = ({ configurations, forbidden }: ReadConfigurations): void => {
    if (registration === undefined || forbidden !== undefined) return;
    for (const { kind } of registration.objects()) {
      const isMissing = configurations.every((one) => one.kind !== kind);
      if (isMissing && !missing.has(kind)) {
        onNote(`${String(kind)} "tidewaiter" does not exist, so API servers do not call it; apply the manifests again`);
      }
      if (isMissing) missing.add(kind);
      else missing.delete(kind);
    }
  };
  return {
    spread(read, bundle, problems) {
      noteMissing(read);
      return Promise.all(
        read.configurations.map((one) =>
          spreadOne(one, bundle).catch((error: unknown) => {
            if (isConflict(error) || signal.aborted) throw error;
            problems.push(`cannot set caBundle in ${one.kind} "tidewaiter": ${messageOf(error)}`);
            return one;
          }),
        ),
      );
    },
  };
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
