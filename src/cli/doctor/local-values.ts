/** The values of local checks: the configuration, the policies, and the certificate files. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { reasonOf } from '../../certificate/certificate.ts';
import { loadCertificate } from '../../certificate/configured-certificate.ts';
import type { Config } from '../../config/config.ts';
import type { LoadPolicies, LocalValues, PolicyTexts, PolicyValues } from '../../doctor/collect.ts';
import { known, unknown } from '../../doctor/known.ts';
import { namedKinds } from '../../doctor/named-kinds.ts';
import type { CertificateFile } from '../../doctor/values.ts';
import { UserError } from '../../error/user-error.ts';
import { noticesAt } from '../../files/policies.ts';
import { clusterNeeds } from '../../install/access.ts';
import { pinsImages } from '../../policy/plan.ts';
import { compose, type Composition } from '../../wiring.ts';
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

/** The policies of the settings; without any, those of the installation. */
export function policyLoader(config: Config, now: number): LoadPolicies {
  if (config.policies.length > 0) return async () => policyValues(config, now);
  return async (inCluster) => {
    const found = await inCluster();
    if (found.state === 'unknown') return { policyFiles: found, policies: found };
    return found.value === undefined ? policyValues(config, now) : policiesIn(found.value, config, now);
  };
}

/** Rules read files, so the texts are written into a temporary directory. */
async function policiesIn({ source, texts }: PolicyTexts, config: Config, now: number): Promise<PolicyValues> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidewaiter-doctor-'));
  try {
    for (const [name, text] of Object.entries(texts)) await writeFile(path.join(folder, path.basename(name)), text);
    return await policyValues({ ...config, policies: [folder] }, now, (text) => text.replaceAll(folder, source));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `shown` converts paths in texts. */
async function policyValues(
  config: Composition,
  now: number,
  shown: (text: string) => string = (text) => text,
): Promise<PolicyValues> {
  try {
    const { context, policySource, loaded, isBuiltIn } = await compose(config, { now: () => now });
    const { policies } = context;
    const pins = pinsImages(policies);
    const notices = isBuiltIn ? [] : noticesAt(loaded, now);
    return {
      policyFiles: known({ problem: undefined }),
      policies: known({
        source: shown(policySource),
        names: policies.map(({ name }) => name),
        kinds: namedKinds(policies, config.kinds),
        needs: clusterNeeds(policies),
        pins,
        lookups: pins || needRegistry(policies),
        notices: notices.map(({ file, line, message }) => ({ place: shown(`${file}:${line}`), message })),
      }),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      policyFiles: known({ problem: shown(error.message) }),
      policies: unknown('the policies cannot be loaded'),
    };
  }
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
  try {
    return { file, problem: undefined, certificate: new X509Certificate(readFileSync(file)) };
  } catch (error) {
    return { file, problem: reasonOf(error), certificate: undefined };
  }
}
