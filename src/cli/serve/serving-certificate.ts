/** The serving certificate of `serve`, and its replacements while the server runs. */
import { X509Certificate } from 'node:crypto';
import type { CertificateFiles } from '../../certificate/configured-certificate.ts';
import { ensureCertificate, loadCertificate } from '../../certificate/generated-certificate.ts';
import { isInPod } from '../../cluster/in-pod.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { followCertificateFiles } from '../../server/certificate-files.ts';
import type { CertificateServices, CertificateSource } from './certificate-source.ts';

/** Rejects with UserError. */
export async function openCertificate(config: Config, services: CertificateServices): Promise<CertificateSource> {
  const { certificate: files, tlsMode, registersItself, cluster, env } = config;
  if (files !== undefined) return followedFiles(files, services);
  const hosts = hostsOf(config);
  if (tlsMode === 'self' || registersItself || (cluster.mode !== 'off' && isInPod(env))) {
    const api = await services.openApi();
    if (api === undefined) {
      const key = tlsMode === 'self' ? 'tlsMode' : 'registration';
      throw new UserError(`${key} self requires a cluster, and none is selected; set cluster to on`);
    }
    const { openManagedSource } = await import('./managed-source.ts');
    return openManagedSource(api, { hosts, registersItself }, services);
  }
  const certificate = await ensureCertificate(config.certsDir, hosts);
  services.metrics.setServed(new X509Certificate(certificate.cert));
  return {
    first: Promise.resolve(certificate),
    notReady: () => undefined,
    follow: () => undefined,
    close: async () => undefined,
  };
}

async function followedFiles(
  files: CertificateFiles,
  { log, metrics }: CertificateServices,
): Promise<CertificateSource> {
  const certificate = await loadCertificate(files);
  metrics.setServed(new X509Certificate(certificate.cert));
  let stop = (): void => undefined;
  return {
    first: Promise.resolve(certificate),
    notReady: () => undefined,
    follow(use) {
      stop = followCertificateFiles(files, certificate, {
        use({ cert, key, notAfter }) {
          use({ cert, key });
          metrics.setServed(new X509Certificate(cert));
          log.info({ certificateUntil: notAfter.toISOString() }, 'the certificate was replaced');
        },
        onProblem(problem) {
          metrics.setReloaded(problem === undefined);
          if (problem !== undefined) log.warn({}, `the certificate in use stays: ${problem}`);
        },
      });
    },
    close: async () => stop(),
  };
}

function hostsOf({ listen: { host } }: Config): readonly string[] {
  return ['0.0.0.0', '::', ''].includes(host) ? [] : [host];
}
