/** Config -> the context that every door decides with. The only place that creates adapters. */
import { fileURLToPath } from 'node:url';
import type { Context } from './admission/context.ts';
import type { Config } from './config.ts';
import { loadPolicies } from './files/policies.ts';
import { RULES } from './policy/rules/index.ts';

/** The policy that is used when none is given; shipped with the package, one level above this file and its bundle. */
const BUILT_IN = fileURLToPath(new URL('../manifests/policies/baseline.yaml', import.meta.url));

export interface Composed {
  readonly context: Context;
  /** `built-in`, or the files and folders. */
  readonly policySource: string;
}

/** Ports that only some doors have: `check` knows the namespaces, secrets and service accounts in its input. */
export type Ports = Pick<Context, 'namespaces' | 'secrets' | 'serviceAccounts'>;

export async function compose(config: Pick<Config, 'kinds' | 'policies'>, ports: Ports = {}): Promise<Composed> {
  const { kinds, policies: paths } = config;
  const builtIn = paths.length === 0;
  const policies = await loadPolicies(builtIn ? [BUILT_IN] : paths, { rules: RULES, kinds });
  return { context: { kinds, policies, ...ports }, policySource: builtIn ? 'built-in' : paths.join(', ') };
}
