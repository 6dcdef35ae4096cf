import { shownFingerprint } from '../../certificate/certificate.ts';
import { NAME } from '../../install/options.ts';
import { defineCheck, type Problem } from '../check.ts';
import { type Unknown, unknown } from '../known.ts';
import { shown } from '../matching.ts';
import type { ClusterTime, ReadReplica, ReplicaClock, ServedChain } from '../values.ts';

/** Clocks of nodes differ a little. */
const TOLERANCE_MS = 30_000;

export const replicaClock = defineCheck({
  id: 'replica-clock',
  title: 'the clocks of the replicas and of the API server',
  why: 'A replica whose clock is wrong renews its certificate and ends exceptions at the wrong time, and misjudges the age of images.',
  needs: ['replicaMetrics', 'time', 'namespace'],
  find({ replicaMetrics, time, namespace }) {
    const silent = replicaMetrics.find(({ metrics }) => metrics.clock === undefined);
    if (silent !== undefined) return notReported(silent, 'its clock');
    return replicaMetrics.flatMap(({ pod, metrics: { clock } }) => {
      const aheadMs = clock === undefined ? 0 : aheadOf(time, clock);
      if (Math.abs(aheadMs) <= TOLERANCE_MS) return [];
      const direction = aheadMs > 0 ? 'fast' : 'slow';
      return [
        {
          subject: `Pod ${namespace}/${shown(pod)}`,
          message: `its clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${direction}, compared with the API server`,
          remedy: `synchronize the clock of its node (kubectl get pod -n ${namespace} ${shown(pod)} -o wide), for example with chrony`,
        },
      ];
    });
  },
});

/** By how much a replica is certainly ahead of the API server, whose time is rounded down to a second; negative: behind. */
function aheadOf({ server, before, after }: ClusterTime, clock: ReplicaClock): number {
  const least = clock.time - clock.after - (server + 1000 - before);
  const most = clock.time - clock.before - (server - after);
  return least > 0 ? least : Math.min(most, 0);
}

function notReported({ pod, metrics: { version } }: ReadReplica, what: string): Unknown {
  const which = version === undefined ? '' : ` (version ${shown(version)})`;
  return unknown(`Pod ${shown(pod)}${which} does not report ${what}`);
}

/** How long a kubelet, or a watch, can take to bring a changed Secret to a replica. */
const SECRET_MS = 5 * 60_000;

export const replicaCertificate = defineCheck({
  id: 'replica-certificate',
  title: 'whether each replica presents the certificate of the Secret',
  why: 'With a certificate that caBundle does not trust, or that has expired, the reviews of this replica fail.',
  explainedBy: ['rbac'],
  needs: ['replicaMetrics', 'chains', 'time', 'namespace'],
  find({ replicaMetrics, chains, time, namespace }) {
    const stuck = replicaMetrics.filter(({ metrics }) => metrics.hasCertificateProblem);
    if (stuck.length > 0) return stuck.map(({ pod }) => stuckCertificate(pod, namespace));
    const current = chains.filter(({ secret }) => secret !== undefined);
    const silent = replicaMetrics.find(({ metrics }) => metrics.certificate === undefined);
    if (current.length > 0 && silent !== undefined) return notReported(silent, 'its certificate');
    return current
      .filter(({ secret }) => time.server - (secret?.changedAt ?? 0) > SECRET_MS)
      .flatMap((chain) => replicaMetrics.flatMap((replica) => otherCertificate(replica, chain, namespace)));
  },
});

function stuckCertificate(pod: string, namespace: string): Problem {
  return {
    subject: `Pod ${namespace}/${shown(pod)}`,
    message: 'it cannot use or renew the newest certificate, so an earlier one stays in use',
    remedy: `kubectl logs -n ${namespace} ${shown(pod)} | grep certificate`,
  };
}

function otherCertificate(
  { pod, metrics: { certificate = '' } }: ReadReplica,
  { from, certificates: [leaf] }: ServedChain,
  namespace: string,
): readonly Problem[] {
  const expected = shownFingerprint(leaf);
  if (certificate === expected) return [];
  const [found, wanted] = [certificate, expected].map((text) => shown(text.slice(0, 12)));
  return [
    {
      subject: `Pod ${namespace}/${shown(pod)}`,
      message: `it presents the certificate ${found}…, and ${from} has contained ${wanted}… for more than 5 minutes (SHA-256)`,
      remedy: `kubectl delete pod -n ${namespace} ${shown(pod)}`,
    },
  ];
}

/** A rollout, or the time until all kubelets have the changed ConfigMap. */
const ROLLOUT_MS = 10 * 60_000;

export const replicaPolicies = defineCheck({
  id: 'replica-policies',
  title: 'whether all replicas use the same, current policies',
  why: 'The decision about an object then depends on the replica that answers, or on policies that have been replaced.',
  needs: ['replicaMetrics', 'namespace'],
  find({ replicaMetrics, namespace }) {
    const failed = replicaMetrics
      .filter(({ metrics }) => metrics.hasReloadFailed)
      .map(({ pod }) => ({
        subject: `Pod ${namespace}/${shown(pod)}`,
        message: 'its last reload failed, so it decides with the policies before the change',
        remedy: `kubectl logs -n ${namespace} ${shown(pod)} | grep "reload failed"`,
      }));
    // The replica that failed is why the generations differ.
    return failed.length > 0 ? failed : differingPolicies(replicaMetrics, namespace);
  },
});

function differingPolicies(replicas: readonly ReadReplica[], namespace: string): readonly Problem[] {
  const generations = new Set(replicas.flatMap(({ metrics: { generation } }) => generation ?? []));
  const areSettled = replicas.every(
    ({ metrics: { clock, loadedAt = 0 } }) => clock !== undefined && clock.time - loadedAt > ROLLOUT_MS,
  );
  if (generations.size < 2 || !areSettled) return [];
  const message = `its replicas have used different policies for more than 10 minutes (generations ${[...generations].map(shown).join(', ')})`;
  const remedy = `kubectl rollout restart deployment/${NAME} -n ${namespace}`;
  return [{ subject: `Deployment ${namespace}/${NAME}`, message, remedy }];
}
