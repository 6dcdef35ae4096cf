/** tlsMode self: the serving certificate that the replicas of a cluster generate and renew together. */
import type { ManagedLeaf } from '../../certificate/managed-state.ts';
import { hostName } from '../../certificate/host-names.ts';
import { type ServingCertificate, shownFingerprint } from '../../certificate/certificate.ts';
import type { ClusterApi } from '../../cluster/api.ts';
import { manageCertificate, type ManagedStatus } from '../../cluster/certificate/managed-certificate.ts';
import { TLS_SECRET } from '../../cluster/certificate/tls-secret.ts';
import type { CertificateMetrics } from '../../server/certificate-metrics.ts';
import type { CertificateServices, CertificateSource, Pair } from './certificate-source.ts';

export interface ManagedSourceOptions {
  /** Names that clients use in addition to those of the Service. */
  readonly hosts: readonly string[];
  readonly registersItself: boolean;
}

export function openManagedSource(
  api: ClusterApi,
  { hosts, registersItself }: ManagedSourceOptions,
  { log, metrics, registration: source }: CertificateServices,
): CertificateSource {
  const served = createServed({ log, metrics });
  let notReady: string | undefined = 'no serving certificate yet';
  let reported: string | undefined;
  let isListening = false;
  const registration = {
    objects: () => source.objects(api.namespace),
    isReady: () => isListening && source.isReady(),
  };
  const onStatus = (status: ManagedStatus): void => {
    notReady = status.notReady;
    setMetrics(metrics, status);
    const news = status.problem ?? notReady;
    if (news !== reported) logNews(log, news);
    reported = news;
    if (status.leaf !== undefined) served.change(status.leaf);
  };
  const managed = manageCertificate(api, {
    names: namesOf(api, hosts),
    registration: registersItself ? registration : undefined,
    onStatus,
    onNote: (note) => log.info({}, note),
  });
  return {
    first: served.first,
    notReady: () => notReady,
    follow(use) {
      served.follow(use);
      isListening = true;
      managed.check();
    },
    async close() {
      managed.stop();
      await api.close();
    },
  };
}

interface Served {
  readonly first: Promise<ServingCertificate>;
  readonly change: (leaf: ManagedLeaf) => void;
  readonly follow: (use: (pair: Pair) => void) => void;
}

/** The certificate in use. */
function createServed({ log, metrics }: Pick<CertificateServices, 'log' | 'metrics'>): Served {
  const { promise: first, resolve } = Promise.withResolvers<ServingCertificate>();
  let served: ManagedLeaf | undefined;
  let use = (_pair: Pair): void => undefined;
  return {
    first,
    change(leaf) {
      if (leaf.cert === served?.cert) return;
      const isFirst = served === undefined;
      served = leaf;
      metrics.setServed(leaf.certificate);
      resolve(servingCertificate(leaf));
      if (isFirst) return;
      use(leaf);
      const certificateUntil = leaf.certificate.validToDate.toISOString();
      log.info({ certificateUntil }, 'the certificate was replaced');
    },
    follow(next) {
      use = next;
      // It may have changed since the start.
      if (served !== undefined) use(served);
    },
  };
}

function namesOf({ namespace }: ClusterApi, hosts: readonly string[]): readonly string[] {
  const service = `tidewaiter.${namespace}.svc`;
  return [service, `${service}.cluster.local`, ...hosts].flatMap((name) => hostName(name) ?? []);
}

function logNews(log: CertificateServices['log'], news: string | undefined): void {
  if (news === undefined) log.info({}, 'the certificate can be renewed and used');
  else log.warn({}, `the certificate cannot be renewed or used: ${news}`);
}

function setMetrics(metrics: CertificateMetrics, { isTrusted, problem, authorities }: ManagedStatus): void {
  metrics.setTrusted(isTrusted);
  metrics.setReloaded(problem === undefined);
  metrics.setAuthorities(new Map(authorities.map((ca) => [shownFingerprint(ca).slice(0, 16), ca.validToDate])));
}

function servingCertificate({ cert, key, certificate }: ManagedLeaf): ServingCertificate {
  return { cert, key, ca: undefined, from: `Secret ${TLS_SECRET}`, notAfter: certificate.validToDate, notes: [] };
}
