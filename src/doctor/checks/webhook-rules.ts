import { API_RESOURCES, type ApiResource } from '../../pod/api-resources.ts';
import { defineCheck, type Problem } from '../check.ts';
import { isValidating, matchesTarget, ours, shown } from '../matching.ts';
import { applyAgain } from '../remedy.ts';
import type { CustomResource, Webhook } from '../values.ts';

export const webhookRules = defineCheck({
  id: 'webhook-rules',
  title: 'whether the webhook rules include all kinds and subresources that the policies need',
  why: 'The API server sends only what the rules name. A rule for pods does not include pods/ephemeralcontainers, which kubectl debug uses.',
  needs: ['webhooks', 'policies', 'customResources', 'namespace'],
  find({ webhooks, policies, customResources, namespace }) {
    const all = ours(webhooks);
    const validating = all.filter(isValidating);
    const mutating = all.filter((webhook) => !isValidating(webhook));
    return [
      ...missing(validating, namespace, ({ subresources }) => ['', ...subresources]),
      ...missingCustom(validating, customResources),
      ...(policies.pins ? missing(mutating, namespace, ({ mutated }) => mutated) : []),
    ];
  },
});

/** Nothing is missing without a webhook, which is another problem. */
function missing(
  webhooks: readonly Webhook[],
  namespace: string,
  subresourcesOf: (resource: ApiResource) => readonly string[],
): readonly Problem[] {
  const [first] = webhooks;
  if (first === undefined) return [];
  const names = API_RESOURCES.flatMap((resource) =>
    subresourcesOf(resource).flatMap((subresource) => gapsOf(webhooks, resource, subresource)),
  );
  if (names.length === 0) return [];
  return [
    {
      subject: `${first.kind} ${first.configuration}`,
      message: `the rules do not include ${names.join(', ')}`,
      remedy: applyAgain(namespace),
    },
  ];
}

const WRITES = ['CREATE', 'UPDATE'];

function missingCustom(webhooks: readonly Webhook[], resources: readonly CustomResource[]): readonly Problem[] {
  return resources.flatMap(({ group, version, resource }) => {
    const [first] = webhooks;
    const isMatched = (operation: string): boolean =>
      webhooks.some((webhook) => matchesTarget(webhook, { group, version, resource, subresource: '', operation }));
    if (first === undefined || WRITES.every(isMatched)) return [];
    const subject = `${first.kind} ${shown(first.configuration)}`;
    const message = `the rules do not include ${shown(resource)}.${shown(group)}, which a policy or the configuration names`;
    const remedy = `add a rule: {apiGroups: [${group}], apiVersions: [${version}], operations: [CREATE, UPDATE], resources: [${resource}]}`;
    return [{ subject, message, remedy }];
  });
}

function gapsOf(
  webhooks: readonly Webhook[],
  { group, resource }: ApiResource,
  subresource: string,
): readonly string[] {
  const operations = subresource === '' ? WRITES : ['UPDATE'];
  const gaps = operations.filter(
    (operation) => !webhooks.some((webhook) => matchesTarget(webhook, { group, resource, subresource, operation })),
  );
  const path = `${resource}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return gaps.length === 0 ? [] : [`${path} (${gaps.join(', ')})`];
}
