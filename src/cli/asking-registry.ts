/** What a command asks registries with: made when it has something to ask. */
import type { Context } from '../admission/context.ts';
import type { Config } from '../config.ts';
import type { Policy } from '../policy/policy.ts';
import { REGISTRY_NEEDS } from '../policy/fact.ts';
import type { ImageTracer } from '../registry/trace.ts';

export interface AskingRegistry {
  readonly ports: Pick<Context, 'images' | 'imageDetails'>;
  /** Not there where no registry can be asked. */
  readonly tracer: ImageTracer | undefined;
  close(): Promise<void>;
}

export type AskRegistry = (config: Config) => Promise<AskingRegistry>;

export function asksRegistry(policies: readonly Policy[]): boolean {
  return policies.some(({ needs }) => REGISTRY_NEEDS.some((need) => needs.has(need)));
}

/** Whoever has no registry client asks nobody: all that only registries know is unknown. */
export const askingRegistry: AskRegistry = () =>
  Promise.resolve({ ports: {}, tracer: undefined, close: () => Promise.resolve() });
