import { API_RESOURCES, type ApiResource } from '../../pod/api-resources.ts';
import { defineCheck, type Problem } from '../check.ts';
import { isValidating, matchesTarget, ours } from '../matching.ts';
import type { Webhook } from '../values.ts';

export const webhookRules = defineCheck({
  id: 'webhook-rules',
  title: 'whether the webhook rules include all kinds and subresources that the policies need',
  why: 'The API server sends only what the rules name. A rule for pods does not include pods/ephemeralcontainers, which kubectl debug uses.',
  needs: ['webhooks', 'policies'],
  find({ webhooks, policies }) {
    const all = ours(webhooks);
    const validating = all.filter(isValidating);
    const mutating = all.filter((webhook) => !isValidating(webhook));
    return [
      ...missing(validating, ({ subresources }) => ['', ...subresources]),
      ...(policies.pins ? missing(mutating, ({ mutated }) => mutated) : []),
    ];
  },
});

/** Nothing is missing without a webhook, which is another problem. */
function missing(
  webhooks: readonly Webhook[],
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
      remedy: 'npx tidewaiter manifests | kubectl apply -f -',
    },
  ];
}

function gapsOf(
  webhooks: readonly Webhook[],
  { group, resource }: ApiResource,
  subresource: string,
): readonly string[] {
  const operations = subresource === '' ? ['CREATE', 'UPDATE'] : ['UPDATE'];
  const gaps = operations.filter(
    (operation) => !webhooks.some((webhook) => matchesTarget(webhook, { group, resource, subresource, operation })),
  );
  const path = `${resource}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return gaps.length === 0 ? [] : [`${path} (${gaps.join(', ')})`];
}
