/** The values of local checks: the configuration, the policies, and the certificate files. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseCertificates } from '../../certificate/certificate.ts';
import { loadCertificate } from '../../certificate/configured-certificate.ts';
import type { Config } from '../../config/config.ts';
import type { LocalValues } from '../../doctor/collect.ts';
import { known, unknown } from '../../doctor/known.ts';
import { namedRegistries } from '../../doctor/named-registries.ts';
import { namedKinds } from '../../install/custom-resources.ts';
import type { CertificateFile } from '../../doctor/values.ts';
import { UserError } from '../../error/user-error.ts';
import { loadText } from '../../files/load-text.ts';
import { noticesAt } from '../../files/policies.ts';
import { loadPolicyDocuments } from '../../files/policy-documents.ts';
import { clusterNeeds } from '../../install/access.ts';
import { changesObjects } from '../../policy/plan.ts';
import { BUILT_IN, compose, type Composition } from '../../wiring.ts';
import { needRegistry } from '../open-registry.ts';

/** `config` is the problem of a configuration that cannot be loaded. */
export async function localValues(config: Config | UserError, now: number): Promise<LocalValues> {
  if (config instanceof UserError) {
    const reason = 'the configuration cannot be loaded';
    return {
      configuration: known({ problem: config.message }),
      policyFiles: unknown(reason),
      policies: unknown(reason),
      certificateFiles: unknown(reason),
      now: known(now),
    };
  }
  return {
    configuration: known({ problem: undefined }),
    ...(await policyValues(config, now)),
    certificateFiles: known(await certificateFiles(config, now)),
    now: known(now),
  };
}

export type LoadedPolicyValues = Pick<LocalValues, 'policyFiles' | 'policies'>;

/** `shown` converts paths in texts. */
export async function policyValues(
  config: Composition,
  now: number,
  shown: (text: string) => string = (text) => text,
): Promise<LoadedPolicyValues> {
  try {
    const { context, policySource, loaded, isBuiltIn } = await compose(config, { now: () => now });
    const { policies } = context;
    const { documents } = await loadPolicyDocuments(isBuiltIn ? [BUILT_IN] : config.policies, () => '');
    const pins = changesObjects(policies);
    const notices = isBuiltIn ? [] : noticesAt(loaded, now);
    return {
      policyFiles: known({ problem: undefined }),
      policies: known({
        source: shown(policySource),
        names: policies.map(({ name }) => name),
        scopes: policies,
        registries: namedRegistries(documents.map(({ value }) => value)),
        kinds: namedKinds(policies, config.kinds),
        needs: clusterNeeds(policies),
        pins,
        lookups: pins || needRegistry(policies),
        notices: notices.map(({ file, line, message }) => ({ place: shown(`${file}:${line}`), message })),
      }),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return unloaded(shown(error.message));
  }
}

export function unloaded(problem: string): LoadedPolicyValues {
  return { policyFiles: known({ problem }), policies: unknown('the policies cannot be loaded') };
}

async function certificateFiles(
  { certificate, certsDir, clients }: Config,
  now: number,
): Promise<readonly CertificateFile[]> {
  const files = [
    ...(certificate === undefined ? generated(certsDir) : []),
    ...(clients === undefined ? [] : [clients.ca]),
  ];
  const others = files.map(certificateIn);
  if (certificate === undefined) return others;
  const problem = await loadCertificate(certificate, new Date(now)).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof UserError) return error.message;
      throw error;
    },
  );
  return [
    problem === undefined
      ? certificateIn(certificate.cert)
      : { file: certificate.cert, problem, certificate: undefined },
    ...others,
  ];
}

/** `serve` replaces a generated certificate before it expires, and generates a missing one. */
function generated(certsDir: string): readonly string[] {
  const ca = path.join(certsDir, 'ca.crt');
  return existsSync(ca) ? [ca] : [];
}

function certificateIn(file: string): CertificateFile {
  const loaded = loadText(file);
  const certificates = 'problem' in loaded ? loaded.problem : parseCertificates(loaded.text);
  return typeof certificates === 'string'
    ? { file, problem: certificates, certificate: undefined }
    : { file, problem: undefined, certificate: certificates[0] };
}
