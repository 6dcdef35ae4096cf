/** `tidewaiter manifests`: all objects of an installation. */
import { X509Certificate } from 'node:crypto';
import { UserError } from '../../error/user-error.ts';
import { loadText } from '../../files/load-text.ts';
import { installation } from '../../install/objects.ts';
import type { InstallOptions } from '../../install/options.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { VERSION } from '../../version.ts';
import type { Terminal } from '../terminal.ts';
import { derivedOptions, type PolicyFlags } from './derived-options.ts';
import { pemCertificates } from '../../go/pem.ts';

export interface ManifestsFlags
  extends
    PolicyFlags,
    Pick<InstallOptions, 'namespace' | 'replicas' | 'tls' | 'registration' | 'fail' | 'onlyNamespaces'> {
  /** A file. */
  readonly ca?: string | undefined;
  readonly image?: string | undefined;
  readonly apiServerRange?: readonly string[] | undefined;
  readonly serviceMonitor?: boolean | undefined;
  readonly prometheusRule?: boolean | undefined;
}

export async function printManifests(flags: ManifestsFlags, terminal: Terminal): Promise<number> {
  const { namespace, replicas, tls, registration, ca, fail, onlyNamespaces, image = DEFAULT_IMAGE } = flags;
  if (registration === 'self' && (tls !== 'self' || fail !== 'open')) {
    throw new UserError('--registration self requires --tls self and --fail open');
  }
  const { policySource, ...derived } = await derivedOptions(flags, terminal);
  const objects = installation({
    ...derived,
    namespace,
    replicas,
    tls,
    registration,
    ca: ca === undefined ? undefined : authorityIn(ca, tls),
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

/** A caBundle that is not PEM would fail every review. */
function authorityIn(file: string, tls: InstallOptions['tls']): string {
  if (tls !== 'files')
    throw new UserError(`--ca requires --tls files; with --tls ${tls}, the CA is set in the cluster`);
  const loaded = loadText(file);
  if ('problem' in loaded) throw new UserError(`${file}: ${loaded.problem} (set by --ca)`);
  const certificates = pemCertificates(loaded.text);
  if (certificates.length === 0) throw new UserError(`${file}: no certificate found; expected PEM (set by --ca)`);
  try {
    return certificates.map((certificate) => new X509Certificate(certificate).toString()).join('');
  } catch (error) {
    throw new UserError(`${file}: a certificate cannot be read (set by --ca)`, { cause: error });
  }
}

const DEFAULT_IMAGE = `ghcr.io/tidewaiter/tidewaiter:${VERSION}`;
