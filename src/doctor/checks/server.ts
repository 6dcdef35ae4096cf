import { permissionText } from '../known.ts';
import { defineCheck } from '../check.ts';
import { shown } from '../matching.ts';
import type { Deployment } from '../objects.ts';
import { applyAgain } from '../remedy.ts';
import { NAME } from '../../install/options.ts';

export const rbac = defineCheck({
  id: 'rbac',
  title: 'the permissions of the server',
  why: 'Without its permissions, the server cannot determine facts that rules need, renew its certificate, register its webhooks, or delete them with its namespace.',
  needs: ['access', 'deployment', 'namespace'],
  find({ access, deployment, namespace }) {
    const account = deployment?.spec.template.spec.serviceAccountName ?? NAME;
    const missing = access.filter(({ denied }) => denied.length > 0);
    // One problem for all verbs of a rule, because one rule of a role allows them.
    const byRule = Map.groupBy(missing, ({ rule, denied }) => JSON.stringify([rule, denied]));
    return [...byRule.values()].flatMap((rows) => {
      const [first] = rows;
      if (first === undefined) return [];
      const { rule, denied } = first;
      const verb = rows.map((row) => row.verb).join(', ');
      const permission = { verb, group: rule.apiGroup, resource: rule.resource, namespace: null };
      const where = denied.includes('*') ? '' : ` in namespace ${denied.map(shown).join(', ')}`;
      return {
        subject: `ServiceAccount ${namespace}/${shown(account)}`,
        message: `it is not allowed to ${permissionText(permission)}${where}, but it needs that (${rule.why})`,
        remedy: applyAgain(namespace),
      };
    });
  },
});

export const versionSkew = defineCheck({
  id: 'version-skew',
  title: 'the versions of the replicas',
  why: 'The decision about an object then depends on the replica that answers.',
  needs: ['replicas', 'deployment', 'namespace'],
  find({ replicas, deployment, namespace }) {
    if (isRollingOut(deployment)) return [];
    const images = [...new Set(replicas.map(({ image }) => image))];
    const versions = [
      ...new Set(replicas.flatMap(({ metrics }) => (metrics.state === 'known' ? (metrics.value.version ?? []) : []))),
    ];
    const differing = [images, versions].find((values) => values.length > 1);
    if (differing === undefined) return [];
    const message = `its replicas run ${differing.map(shown).join(' and ')}`;
    const remedy = `kubectl rollout status deployment/${NAME} -n ${namespace}`;
    return [{ subject: `Deployment ${namespace}/${NAME}`, message, remedy }];
  },
});

/** In a rollout, several versions run for a while. One that does not go on has the condition Progressing: False. */
function isRollingOut(deployment: Deployment | undefined): boolean {
  const { spec, status } = deployment ?? {};
  const { updatedReplicas, replicas, conditions = [] } = status ?? {};
  if (updatedReplicas === undefined) return false;
  if (conditions.some(({ type, status: state }) => type === 'Progressing' && state === 'False')) return false;
  return updatedReplicas < (spec?.replicas ?? 1) || (replicas ?? 0) > updatedReplicas;
}

/** Fewer reviews say nothing about a policy. */
const MIN_REVIEWS = 100;
/** After a reload, the reviews before it say nothing about new policies. */
const SETTLED_MS = 60 * 60_000;

export const policiesUsed = defineCheck({
  id: 'policies-used',
  title: 'whether each policy has covered a review since the replicas started',
  why: 'A scope with a misspelled namespace, label, or kind matches nothing, and the policy denies nothing.',
  needs: ['policies', 'policyUse', 'now'],
  find({ policies: { names, source }, policyUse: { reviews, byPolicy, since, isReloaded }, now }) {
    const elapsedMs = since === undefined ? undefined : now - since;
    if (reviews < MIN_REVIEWS || (isReloaded && (elapsedMs ?? 0) < SETTLED_MS)) return [];
    const duration = elapsedMs === undefined ? '' : ` in ${durationText(elapsedMs)}`;
    return names
      .filter((name) => (byPolicy.get(name) ?? 0) === 0)
      .map((name) => ({
        subject: `ImagePolicy ${shown(name)}`,
        message: `it covered none of ${reviews} reviews${duration} (policies: ${source})`,
        remedy: 'correct its "match" and "exclude", or remove it; tidewaiter test shows what it matches',
      }));
  },
});

/** `5 minutes`, `3 hours`, `12 days` */
function durationText(durationMs: number): string {
  const minutes = Math.max(0, Math.round(durationMs / 60_000));
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
