/** `tidewaiter manifests`: all objects of an installation. */
import { clusterNeeds } from '../../install/access.ts';
import { installation } from '../../install/objects.ts';
import type { InstallOptions } from '../../install/options.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { pinsImages } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import { VERSION } from '../../version.ts';
import { BUILT_IN, compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { needRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';
import { policyTexts } from './policy-texts.ts';

export interface ManifestsFlags extends Pick<
  InstallOptions,
  'namespace' | 'replicas' | 'tls' | 'fail' | 'onlyNamespaces'
> {
  readonly policy?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly apiServerRange?: readonly string[] | undefined;
  readonly serviceMonitor?: boolean | undefined;
  readonly prometheusRule?: boolean | undefined;
}

export async function printManifests(flags: ManifestsFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ policy: flags.policy }, terminal);
  const { context, isBuiltIn, policySource } = await compose(config);
  const policies = await policyTexts(isBuiltIn ? [BUILT_IN] : config.policies);
  const objects = installation(installOptions(flags, context.policies, policies));
  terminal.out(`# tidewaiter ${VERSION}, for the policies: ${policySource}\n${yamlDocuments(objects)}`);
  return 0;
}

/** The options of the command line, and those that derive from the policies. */
export function installOptions(
  flags: ManifestsFlags,
  policies: readonly Policy[],
  texts: InstallOptions['policies'],
): InstallOptions {
  const { namespace, replicas, tls, fail, onlyNamespaces, image = DEFAULT_IMAGE } = flags;
  const pins = pinsImages(policies);
  return {
    namespace,
    replicas,
    tls,
    fail,
    onlyNamespaces,
    image,
    needs: clusterNeeds(policies),
    pins,
    lookups: pins || needRegistry(policies),
    policies: texts,
    apiServerRanges: flags.apiServerRange ?? [],
    serviceMonitor: flags.serviceMonitor ?? false,
    prometheusRule: flags.prometheusRule ?? false,
  };
}

const DEFAULT_IMAGE = `ghcr.io/tidewaiter/tidewaiter:${VERSION}`;
