/** Config -> the context that every door decides with. The only place that creates adapters. */
import { fileURLToPath } from 'node:url';
import type { Context, NamespaceSource } from './admission/context.ts';
import { type Config, PLUGIN_TIMEOUT_MS } from './config.ts';
import { loadPolicies } from './files/policies.ts';
import type { Rule } from './policy/rule.ts';
import { RULES } from './policy/rules/index.ts';

/** The policy that is used when none is given; shipped with the package, one level above this file and its bundle. */
const BUILT_IN = fileURLToPath(new URL('../manifests/policies/baseline.yaml', import.meta.url));

export interface Composed {
  readonly context: Context;
  /** `built-in`, or the files and folders. */
  readonly policySource: string;
}

/** Ports that only some doors have: `check` knows the namespaces in its input. */
export interface Ports {
  readonly namespaces?: NamespaceSource | undefined;
}

/** What every door needs of the configuration; without plugins there are the built-in rules alone. */
export type Composition = Pick<Config, 'kinds' | 'policies'> & Partial<Pick<Config, 'plugins' | 'pluginTimeoutMs'>>;

export async function compose(config: Composition, ports: Ports = {}): Promise<Composed> {
  const { kinds, policies: paths } = config;
  const builtIn = paths.length === 0;
  const rules = await allRules(config);
  const policies = await loadPolicies(builtIn ? [BUILT_IN] : paths, { rules, kinds });
  return { context: { kinds, policies, ...ports }, policySource: builtIn ? 'built-in' : paths.join(', ') };
}

async function allRules({ plugins = [], pluginTimeoutMs = PLUGIN_TIMEOUT_MS }: Composition): Promise<readonly Rule[]> {
  if (plugins.length === 0) return RULES;
  const { loadPlugins } = await import('./plugin/load.ts');
  return [...RULES, ...loadPlugins(plugins, { builtIn: RULES, timeoutMs: pluginTimeoutMs })];
}
