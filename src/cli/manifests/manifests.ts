/** `tidewaiter manifests`: all objects of an installation. */
import { UserError } from '../../error/user-error.ts';
import { installation } from '../../install/objects.ts';
import type { InstallOptions, RecordingVolume } from '../../install/options.ts';
import { recordingProblem } from '../../install/recording.ts';
import { type TreeObject, yamlDocuments } from '../../install/yaml.ts';
import { VERSION } from '../../version.ts';
import type { Terminal } from '../terminal.ts';
import { loadAuthority } from './authority.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';

export interface ManifestsFlags
  extends PolicyFlags, Pick<InstallOptions, 'namespace' | 'replicas' | 'tls' | 'fail' | 'onlyNamespaces'> {
  readonly registration?: InstallOptions['registration'] | undefined;
  /** A file. */
  readonly ca?: string | undefined;
  readonly image?: string | undefined;
  readonly apiServerRange?: readonly string[] | undefined;
  /** In mebibytes. */
  readonly recordSize?: number | undefined;
  readonly recordClaim?: string | undefined;
  readonly serviceMonitor?: boolean | undefined;
  readonly prometheusRule?: boolean | undefined;
}

export async function printManifests(flags: ManifestsFlags, terminal: Terminal): Promise<number> {
  const { namespace, replicas, tls, ca, fail, onlyNamespaces, image = DEFAULT_IMAGE } = flags;
  const { registration = tls === 'self' ? 'self' : 'external' } = flags;
  if (registration === 'self' && tls !== 'self') throw new UserError('--registration self requires --tls self');
  const { policySource, ...derived } = await derivedOptions(flags, terminal);
  const record = recordingFor(flags, derived.settings);
  const objects = installation({
    ...derived,
    namespace,
    replicas,
    tls,
    registration,
    ca: authorityFor(tls, ca),
    fail,
    onlyNamespaces,
    image,
    record,
    apiServerRanges: flags.apiServerRange ?? [],
    serviceMonitor: flags.serviceMonitor ?? false,
    prometheusRule: flags.prometheusRule ?? false,
  });
  terminal.out(`# tidewaiter ${VERSION}, for the policies: ${policySource}\n${yamlDocuments(objects)}`);
  return 0;
}

function recordingFor(
  { recordSize: sizeMib, recordClaim: claim }: ManifestsFlags,
  settings: TreeObject,
): RecordingVolume | undefined {
  if (sizeMib === undefined) {
    if (claim !== undefined) throw new UserError('--record-claim requires --record-size, the size of the claim in MiB');
    return undefined;
  }
  const problem = recordingProblem({ sizeMib, claim }, settings);
  if (problem !== undefined) throw new UserError(`--record-size ${sizeMib}: ${problem}`);
  return { sizeMib, claim };
}

function authorityFor(tls: InstallOptions['tls'], file: string | undefined): string | undefined {
  if (file !== undefined && tls !== 'files')
    throw new UserError(`--ca requires --tls files; with --tls ${tls}, the CA is set in the cluster`);
  return loadAuthority(file);
}

export const DEFAULT_IMAGE = `ghcr.io/tidewaiter/tidewaiter:${VERSION}`;
