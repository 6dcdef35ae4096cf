/** tlsMode self: the serving certificate that the replicas of a cluster generate and renew together. */
import type { ManagedLeaf } from '../../certificate/managed-state.ts';
import { hostName } from '../../certificate/host-names.ts';
import type { ServingCertificate } from '../../certificate/certificate.ts';
import type { ClusterApi } from '../../cluster/api.ts';
import { manageCertificate, type ManagedStatus } from '../../cluster/certificate/managed-certificate.ts';
import { TLS_SECRET } from '../../cluster/certificate/tls-secret.ts';
import type { CertificateServices, CertificateSource, Pair } from './certificate-source.ts';

/** `hosts`: names that clients use in addition to those of the Service. */
export function openManagedSource(
  api: ClusterApi,
  hosts: readonly string[],
  { log, metrics }: CertificateServices,
): CertificateSource {
  const service = `tidewaiter.${api.namespace}.svc`;
  const names = [service, `${service}.cluster.local`, ...hosts].flatMap((name) => hostName(name) ?? []);
  const { promise: first, resolve } = Promise.withResolvers<ServingCertificate>();
  let notReady: string | undefined = 'no serving certificate yet';
  let reported: string | undefined;
  let served: ManagedLeaf | undefined;
  let use = (_pair: Pair): void => undefined;
  const serve = (leaf: ManagedLeaf): void => {
    const { cert, key, certificate } = leaf;
    if (cert === served?.cert) return;
    const isFirst = served === undefined;
    served = leaf;
    metrics.setExpiry(certificate.validToDate);
    resolve(servingCertificate(leaf));
    if (isFirst) return;
    use({ cert, key });
    log.info({ certificateUntil: certificate.validToDate.toISOString() }, 'the certificate was replaced');
  };
  const onStatus = (status: ManagedStatus): void => {
    const { leaf, authorities, isTrusted, problem } = status;
    notReady = status.notReady;
    metrics.setTrusted(isTrusted);
    metrics.setReloaded(problem === undefined);
    metrics.setAuthorities(new Map(authorities.map((ca) => [shortFingerprint(ca), ca.validToDate])));
    const news = problem ?? notReady;
    if (news !== undefined && news !== reported) log.warn({}, `the certificate cannot be renewed or used: ${news}`);
    if (news === undefined && reported !== undefined) log.info({}, 'the certificate can be renewed and used');
    reported = news;
    if (leaf !== undefined) serve(leaf);
  };
  const stop = manageCertificate(api, { names, onStatus, onNote: (note) => log.info({}, note) });
  return {
    first,
    notReady: () => notReady,
    follow(next) {
      use = next;
      // It may have changed since the start.
      if (served !== undefined) use(served);
    },
    async close() {
      stop();
      await api.close();
    },
  };
}

function servingCertificate({ cert, key, certificate }: ManagedLeaf): ServingCertificate {
  return { cert, key, ca: undefined, from: `Secret ${TLS_SECRET}`, notAfter: certificate.validToDate, notes: [] };
}

function shortFingerprint({ fingerprint256 }: { readonly fingerprint256: string }): string {
  return fingerprint256.replaceAll(':', '').slice(0, 16).toLowerCase();
}
