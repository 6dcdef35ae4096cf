/** Access to registries for commands. It is loaded when there is something to look up. */
import type { Config } from '../config/config.ts';
import { REGISTRY_NEEDS, type RegistrySourceName } from '../policy/registry-questions.ts';
import type { Policy } from '../policy/policy.ts';
import { openRegistries, type RegistriesOptions } from '../wiring.ts';
import type { ImageTracer } from '../lookup/trace.ts';
import type { Terminal } from './terminal.ts';
import type { World } from '../admission/context.ts';

export interface RegistryAccess {
  readonly sources: Pick<World, RegistrySourceName>;
  /** undefined: no registry can be queried. */
  readonly tracer: ImageTracer | undefined;
  close(): Promise<void>;
}

export type OpenRegistry = (config: Config, options: RegistriesOptions) => Promise<RegistryAccess>;

export function needRegistry(policies: readonly Policy[]): boolean {
  return policies.some(({ needs }) => REGISTRY_NEEDS.some((need) => needs.has(need)));
}

/** Reports whether the name of an image depends on what registries have. */
export function needsMirror({ rewrites = [] }: Policy): boolean {
  return rewrites.some(({ when }) => when !== 'always');
}

/** Uses only credentials that nodes have; the user's own credentials would prove nothing about the cluster. */
export function asNodes(terminal: Terminal): RegistriesOptions {
  return { credentials: 'node', callers: 'user', warn: (message) => terminal.note(`${message}\n`) };
}

export const openRegistry: OpenRegistry = openRegistries;
