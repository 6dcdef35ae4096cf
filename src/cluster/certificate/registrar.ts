/** Writes the webhook configurations: caBundle, and all of them if the server registers itself. */
import { ApiError, type ClusterApi } from '../api.ts';
import { createConfiguration, ownedMetadata, type Registration } from './registration.ts';
import { applyBundle, type ReadConfigurations, type WebhookConfiguration } from './webhook-configurations.ts';

export interface Registrar {
  /**
   * Sets caBundle in all webhooks, and returns the stored configurations. A failure is added to `problems`, because it must not stop
   * the renewal of the serving certificate.
   */
  spread(
    configurations: readonly WebhookConfiguration[],
    bundle: string,
    problems: string[],
  ): Promise<readonly WebhookConfiguration[]>;
  /** Creates the configurations that the server registers and that do not exist; reports whether it created one. */
  create(read: ReadConfigurations, problems: string[]): Promise<boolean>;
}

export interface RegistrarOptions {
  /** undefined: others register the webhook configurations. */
  readonly registration: Registration | undefined;
  readonly onNote: (note: string) => void;
  readonly signal: AbortSignal;
}

export function createRegistrar(api: ClusterApi, { registration, onNote, signal }: RegistrarOptions): Registrar {
  /** What this process has registered, by kind. */
  const registered = new Map<unknown, string>();
  const failed = (error: unknown, what: string): string => {
    if (isConflict(error) || signal.aborted) throw error;
    return `cannot ${what} "tidewaiter": ${messageOf(error)}`;
  };
  const spreadOne = async (one: WebhookConfiguration, bundle: string): Promise<WebhookConfiguration> => {
    const object = registration?.objects().find(({ kind }) => kind === one.kind);
    const text = JSON.stringify(object);
    const mustRegister = object !== undefined && registered.get(one.kind) !== text && registration?.isReady() === true;
    if (!mustRegister && one.webhooks.every(({ caBundle }) => caBundle === bundle)) return one;
    const owned = object && { ...object, metadata: await ownedMetadata(api, object['metadata'], signal) };
    const applied = await applyBundle(api, one, { bundle, registered: owned }, signal);
    if (mustRegister) registered.set(one.kind, text);
    onNote(`${mustRegister ? 'registered' : 'set caBundle in'} ${one.kind} "tidewaiter"`);
    return applied;
  };
  return {
    spread: (configurations, bundle, problems) =>
      Promise.all(
        configurations.map((one) =>
          spreadOne(one, bundle).catch((error: unknown) => {
            problems.push(failed(error, `set caBundle in ${one.kind}`));
            return one;
          }),
        ),
      ),
    async create({ configurations, forbidden }, problems) {
      if (forbidden !== undefined || registration?.isReady() !== true) return false;
      const missing = registration.objects().filter(({ kind }) => configurations.every((one) => one.kind !== kind));
      for (const object of missing) {
        const kind = String(object['kind']);
        registered.delete(kind);
        try {
          await createConfiguration(api, object, signal);
        } catch (error) {
          problems.push(failed(error, `register ${kind}`));
          return false;
        }
      }
      return missing.length > 0;
    },
  };
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
