import { permissionText } from '../known.ts';
import { defineCheck } from '../check.ts';
import { shown } from '../matching.ts';
import { NAME } from '../../install/options.ts';

export const rbac = defineCheck({
  id: 'rbac',
  title: 'the permissions of the server',
  why: 'What the server is not allowed to read is unknown, so rules that need it cannot decide.',
  needs: ['access', 'deployment', 'namespace'],
  find({ access, deployment, namespace }) {
    const account = deployment?.spec.template.spec.serviceAccountName ?? NAME;
    return access
      .filter(({ denied }) => denied.length > 0)
      .map(({ rule: { apiGroup, resource, why }, verb, denied }) => {
        const permission = { verb, group: apiGroup, resource, namespace: null };
        const where = denied.includes('*') ? '' : ` in namespace ${denied.map(shown).join(', ')}`;
        return {
          subject: `ServiceAccount ${namespace}/${shown(account)}`,
          message: `it is not allowed to ${permissionText(permission)}${where}, but it needs that (${why})`,
          remedy: 'npx tidewaiter manifests rbac -p POLICIES | kubectl apply -f -',
        };
      });
  },
});

export const versionSkew = defineCheck({
  id: 'version-skew',
  title: 'the versions of the replicas',
  why: 'The decision about an object then depends on the replica that answers.',
  needs: ['replicas', 'namespace'],
  find({ replicas, namespace }) {
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

/** Fewer reviews say nothing about a policy. */
const MIN_REVIEWS = 100;

export const policiesUsed = defineCheck({
  id: 'policies-used',
  title: 'whether each policy has covered a review since the replicas started',
  why: 'A scope with a misspelled namespace, label, or kind matches nothing, and the policy denies nothing.',
  needs: ['policies', 'policyUse'],
  find({ policies: { names, source }, policyUse: { reviews, byPolicy } }) {
    if (reviews < MIN_REVIEWS) return [];
    return names
      .filter((name) => (byPolicy.get(name) ?? 0) === 0)
      .map((name) => ({
        subject: `ImagePolicy ${shown(name)}`,
        message: `it covered none of ${reviews} reviews (policies: ${source})`,
        remedy: 'correct its "match" and "exclude", or remove it; npx tidewaiter test shows what it matches',
      }));
  },
});
