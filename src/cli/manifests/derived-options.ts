/** The options of an installation that derive from its policies. */
import { clusterNeeds } from '../../install/access.ts';
import type { InstallOptions } from '../../install/options.ts';
import { pinsImages } from '../../policy/plan.ts';
import { BUILT_IN, compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { needRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';
import { policyTexts } from './policy-texts.ts';

export interface PolicyFlags {
  readonly policy?: readonly string[] | undefined;
}

export interface DerivedOptions extends Pick<InstallOptions, 'needs' | 'pins' | 'lookups' | 'policies'> {
  /** `built-in`, or the files and directories. */
  readonly policySource: string;
}

export async function derivedOptions({ policy }: PolicyFlags, terminal: Terminal): Promise<DerivedOptions> {
  const { config } = await configured({ policy }, terminal);
  const { context, isBuiltIn, policySource } = await compose(config);
  const pins = pinsImages(context.policies);
  return {
    needs: clusterNeeds(context.policies),
    pins,
    lookups: pins || needRegistry(context.policies),
    policies: await policyTexts(isBuiltIn ? [BUILT_IN] : config.policies),
    policySource,
  };
}
