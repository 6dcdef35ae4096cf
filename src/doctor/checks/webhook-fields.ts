import { LOOKUP_SECONDS } from '../../install/webhooks.ts';
import { defineCheck, type Problem } from '../check.ts';
import { ours, patchCommand, webhookLabel } from '../matching.ts';
import type { Webhook } from '../values.ts';

/** One problem for each of our webhooks whose field has another value. */
function withField(
  webhooks: readonly Webhook[],
  field: 'sideEffects' | 'matchPolicy' | 'timeoutSeconds',
  { isGood, value, reason }: { isGood: (webhook: Webhook) => boolean; value: unknown; reason: string },
): readonly Problem[] {
  return ours(webhooks)
    .filter((webhook) => !isGood(webhook))
    .map((webhook) => {
      const siblings = webhooks.filter(
        ({ kind, configuration }) => kind === webhook.kind && configuration === webhook.configuration,
      );
      return {
        subject: webhookLabel(webhook),
        message: `${field} is ${webhook[field]}${reason}`,
        remedy: patchCommand(webhook, siblings.indexOf(webhook), field, value),
      };
    });
}

export const sideEffects = defineCheck({
  id: 'side-effects',
  title: 'sideEffects of the webhooks',
  why: 'A review changes nothing outside of its object. Tools that only call webhooks without side effects leave out the others.',
  needs: ['webhooks'],
  find: ({ webhooks }) =>
    withField(webhooks, 'sideEffects', {
      isGood: ({ sideEffects: value }) => value === 'None',
      value: 'None',
      reason: ', although tidewaiter has no side effects',
    }),
});

export const matchPolicy = defineCheck({
  id: 'match-policy',
  title: 'matchPolicy of the webhooks',
  why: 'With Exact, a request for another version of the same kind bypasses the review.',
  needs: ['webhooks'],
  find: ({ webhooks }) =>
    withField(webhooks, 'matchPolicy', {
      isGood: ({ matchPolicy: value = 'Equivalent' }) => value === 'Equivalent',
      value: 'Equivalent',
      reason: ', so other API versions of the same kinds bypass the webhook',
    }),
});

export const timeouts = defineCheck({
  id: 'timeouts',
  title: 'timeoutSeconds of the webhooks',
  why: 'A registry lookup that is not cached takes name resolution, a connection, and two responses. If the time ends earlier, the result is unknown.',
  needs: ['webhooks', 'policies'],
  find: ({ webhooks, policies }) =>
    withField(policies.lookups ? webhooks : [], 'timeoutSeconds', {
      isGood: ({ timeoutSeconds = 10 }) => timeoutSeconds >= LOOKUP_SECONDS,
      value: LOOKUP_SECONDS,
      reason: `, but the policies look up images in registries; ${LOOKUP_SECONDS} is enough for a lookup`,
    }),
});
