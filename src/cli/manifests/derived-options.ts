/** The options of an installation that derive from its policies, plugins, and configuration. */
import { UserError } from '../../error/user-error.ts';
import { loadPolicyDocuments } from '../../files/policy-documents.ts';
import { clusterNeeds } from '../../install/access.ts';
import { canBeRegistered, chosenKinds, customResources, type NamedKind } from '../../install/custom-resources.ts';
import type { InstallOptions } from '../../install/options.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { changesObjects } from '../../policy/plan.ts';
import { BUILT_IN, compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { needRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';
import { configMapData } from './config-map.ts';
import { pluginFiles } from './plugin-files.ts';
import { sharedSettings } from './shared-settings.ts';

export interface PolicyFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly webhookKinds?: readonly string[] | undefined;
}

type Derived = 'needs' | 'pins' | 'lookups' | 'policies' | 'plugins' | 'settings' | 'customResources';

export interface DerivedOptions extends Pick<InstallOptions, Derived> {
  /** `built-in`, or the files and directories. */
  readonly policySource: string;
}

export async function derivedOptions(flags: PolicyFlags, terminal: Terminal): Promise<DerivedOptions> {
  const { policy, plugin, webhookKinds } = flags;
  requireNamed(policy);
  const { config, settings } = await configured({ config: flags.config, policy, plugin, webhookKinds }, terminal);
  const { context, isBuiltIn, policySource } = await compose(config);
  const pins = changesObjects(context.policies);
  const chosen = chosenKinds(config.webhookKinds, context);
  noteUnregistered(chosen, context.kinds, terminal);
  return {
    needs: clusterNeeds(context.policies),
    pins,
    lookups: pins || needRegistry(context.policies),
    policies: await policyData(isBuiltIn ? [] : config.policies),
    plugins: await pluginFiles(config.plugins),
    settings: sharedSettings(settings),
    customResources: customResources(chosen, context.kinds),
    policySource,
  };
}

export function requireNamed(policies: readonly string[] | undefined): void {
  if (policies?.includes('-'))
    throw new UserError('-: the manifests contain policy files by name; write standard input to a file');
}

/** The files with policies, for a ConfigMap; of no path: the built-in policy. */
export async function policyData(paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { documents } = await loadPolicyDocuments(paths.length === 0 ? [BUILT_IN] : paths, () => '');
  return configMapData(
    documents.map(({ file }) => file),
    'policies',
  );
}

function noteUnregistered(kinds: readonly NamedKind[], table: KindTable, terminal: Terminal): void {
  for (const { group, kind } of kinds.filter((each) => !canBeRegistered(each, table)))
    terminal.note(
      `note: the webhook rules do not include ${kind}.${group}, because a rule for all resources of ${group} would include built-in ones; set "resource" of this kind in the configuration\n`,
    );
}
