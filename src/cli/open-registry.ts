/** Access to registries for commands. It is loaded when there is something to look up. */
import type { Context } from '../admission/context.ts';
import type { Config } from '../config/config.ts';
import { REGISTRY_NEEDS } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import { openRegistries, type RegistriesOptions } from '../wiring.ts';
import type { ImageTracer } from '../lookup/trace.ts';

export interface RegistryAccess {
  readonly ports: Pick<Context, 'images' | 'imageDetails'>;
  /** undefined: no registry can be queried. */
  readonly tracer: ImageTracer | undefined;
  close(): Promise<void>;
}

export type OpenRegistry = (config: Config, options: RegistriesOptions) => Promise<RegistryAccess>;

export function needRegistry(policies: readonly Policy[]): boolean {
  return policies.some(({ needs }) => REGISTRY_NEEDS.some((need) => needs.has(need)));
}

export const openRegistry: OpenRegistry = openRegistries;
