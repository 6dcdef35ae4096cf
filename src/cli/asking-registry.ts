/** What a command asks registries with: loaded and made when it has something to ask. */
import type { Context } from '../admission/context.ts';
import type { Config } from '../config/config.ts';
import { REGISTRY_NEEDS } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import type { RegistriesOptions } from '../registries.ts';
import type { ImageTracer } from '../lookup/trace.ts';

export interface AskingRegistry {
  readonly ports: Pick<Context, 'images' | 'imageDetails'>;
  /** Not there where no registry can be asked. */
  readonly tracer: ImageTracer | undefined;
  close(): Promise<void>;
}

export type AskRegistry = (config: Config, options: RegistriesOptions) => Promise<AskingRegistry>;

export function asksRegistry(policies: readonly Policy[]): boolean {
  return policies.some(({ needs }) => REGISTRY_NEEDS.some((need) => needs.has(need)));
}

export const askingRegistry: AskRegistry = async (config, options) => {
  const { openRegistries } = await import('../registries.ts');
  return openRegistries(config, options);
};
