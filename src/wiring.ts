/** Config -> the context that every door decides with. The only place that creates adapters. */
import { fileURLToPath } from 'node:url';
import type { Context } from './admission/context.ts';
import type { Config } from './config/config.ts';
import { PLUGIN_TIMEOUT_MS } from './config/schema.ts';
import { type LoadedPolicies, loadPolicies } from './files/policies.ts';
import { exceptionBook } from './policy/exception-book.ts';
import type { Rule } from './policy/rule.ts';
import { RULES } from './policy/rules/index.ts';

/** The policy that is used when none is given; shipped with the package, one level above this file and its bundle. */
const BUILT_IN = fileURLToPath(new URL('../manifests/policies/baseline.yaml', import.meta.url));

export interface Composed {
  readonly context: Context;
  /** `built-in`, or the files and folders. */
  readonly policySource: string;
  readonly isBuiltIn: boolean;
  /** The built-in rules and those of plugins. */
  readonly rules: readonly Rule[];
  readonly loaded: LoadedPolicies;
}

/** Ports that only some doors have: `check` knows the namespaces, secrets and service accounts in its input. */
export interface Ports extends Pick<Context, 'namespaces' | 'secrets' | 'serviceAccounts' | 'images' | 'imageDetails'> {
  /** Milliseconds since 1970, for what expires and grows old; the wall clock when not given. */
  readonly now?: (() => number) | undefined;
}

/** What every door needs of the configuration; without plugins there are the built-in rules alone. */
export type Composition = Pick<Config, 'kinds' | 'policies'> & Partial<Pick<Config, 'plugins' | 'pluginTimeoutMs'>>;

export async function compose(config: Composition, { now = Date.now, ...ports }: Ports = {}): Promise<Composed> {
  const { kinds, policies: paths } = config;
  const isBuiltIn = paths.length === 0;
  const rules = await allRules(config);
  const loaded = await loadPolicies(isBuiltIn ? [BUILT_IN] : paths, { rules, kinds });
  const { policies, exceptions: all } = loaded;
  const exceptions = all.length === 0 ? undefined : exceptionBook(all, now);
  const context = { kinds, policies, exceptions, now, ...ports };
  return { context, policySource: isBuiltIn ? 'built-in' : paths.join(', '), isBuiltIn, rules, loaded };
}

/** The built-in ones, then those of plugins. */
export async function allRules({
  plugins = [],
  pluginTimeoutMs = PLUGIN_TIMEOUT_MS,
}: Pick<Composition, 'plugins' | 'pluginTimeoutMs'>): Promise<readonly Rule[]> {
  if (plugins.length === 0) return RULES;
  const { loadPlugins } = await import('./plugin/load.ts');
  return [...RULES, ...loadPlugins(plugins, { builtIn: RULES, timeoutMs: pluginTimeoutMs })];
}
