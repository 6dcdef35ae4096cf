/** `tidewaiter manifests`: all objects of an installation. */
import { installation } from '../../install/objects.ts';
import type { InstallOptions } from '../../install/options.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { VERSION } from '../../version.ts';
import type { Terminal } from '../terminal.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';

export interface ManifestsFlags
  extends PolicyFlags, Pick<InstallOptions, 'namespace' | 'replicas' | 'tls' | 'fail' | 'onlyNamespaces'> {
  readonly image?: string | undefined;
  readonly apiServerRange?: readonly string[] | undefined;
  readonly serviceMonitor?: boolean | undefined;
  readonly prometheusRule?: boolean | undefined;
}

export async function printManifests(flags: ManifestsFlags, terminal: Terminal): Promise<number> {
  const { namespace, replicas, tls, fail, onlyNamespaces, image = DEFAULT_IMAGE } = flags;
  const { policySource, ...derived } = await derivedOptions(flags, terminal);
  const objects = installation({
    ...derived,
    namespace,
    replicas,
    tls,
    fail,
    onlyNamespaces,
    image,
    apiServerRanges: flags.apiServerRange ?? [],
    serviceMonitor: flags.serviceMonitor ?? false,
    prometheusRule: flags.prometheusRule ?? false,
  });
  terminal.out(`# tidewaiter ${VERSION}, for the policies: ${policySource}\n${yamlDocuments(objects)}`);
  return 0;
}

const DEFAULT_IMAGE = `ghcr.io/tidewaiter/tidewaiter:${VERSION}`;
