/** The serving certificate of `serve`, and its replacements while the server runs. */
import type { ServingCertificate } from '../../certificate/certificate.ts';
import { ensureCertificate, loadCertificate } from '../../certificate/generated-certificate.ts';
import type { Config } from '../../config/config.ts';
import { followCertificateFiles } from '../../server/certificate-files.ts';
import type { ServerLog } from '../../server/log.ts';
import type { CertificateMetrics } from '../../server/metrics.ts';

export interface CertificateSource {
  /** The certificate at the start. */
  readonly certificate: ServingCertificate;
  /** Calls `use` with each later certificate. */
  follow(use: (pair: { readonly cert: string; readonly key: string }) => void): void;
  close(): void;
}

interface Services {
  readonly log: ServerLog;
  readonly metrics: CertificateMetrics;
}

/** Throws UserError. */
export async function openCertificate(config: Config, { log, metrics }: Services): Promise<CertificateSource> {
  const { certificate: files } = config;
  const certificate = await certificateFor(config);
  metrics.setExpiry(certificate.notAfter);
  let close = (): void => undefined;
  return {
    certificate,
    follow(use) {
      if (files === undefined) return;
      close = followCertificateFiles(files, certificate, {
        use({ cert, key, notAfter }) {
          use({ cert, key });
          metrics.setExpiry(notAfter);
          log.info({ certificateUntil: notAfter.toISOString() }, 'the certificate was replaced');
        },
        onProblem(problem) {
          metrics.setReloaded(problem === undefined);
          if (problem !== undefined) log.warn({}, `the certificate in use stays: ${problem}`);
        },
      });
    },
    close: () => close(),
  };
}

async function certificateFor({ certificate, certsDir, listen: { host } }: Config): Promise<ServingCertificate> {
  if (certificate !== undefined) return loadCertificate(certificate);
  return ensureCertificate(certsDir, ['0.0.0.0', '::', ''].includes(host) ? [] : [host]);
}
