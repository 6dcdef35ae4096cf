import { defineCheck } from '../check.ts';
import {
  isValidating,
  matchesNamespace,
  matchesObject,
  matchesTarget,
  NO_LABELS,
  ours,
  POD_CREATION,
  webhookLabel,
} from '../matching.ts';
import { isLeftOut } from '../match-conditions.ts';
import { podProbe } from '../probe-requests.ts';
import type { Webhook } from '../values.ts';

export const webhookOrder = defineCheck({
  id: 'webhook-order',
  title: 'mutating webhooks that come after tidewaiter',
  why: 'The API server calls mutating webhooks in the order of their names. A container that a later webhook adds is not pinned, unless the API server calls tidewaiter again.',
  needs: ['webhooks', 'policies'],
  find({ webhooks, policies }) {
    const mutating = webhooks.filter((webhook) => !isValidating(webhook));
    if (!policies.pins) return [];
    return ours(mutating)
      .filter(({ reinvocationPolicy = 'Never' }) => reinvocationPolicy !== 'IfNeeded')
      .flatMap((webhook) => {
        const later = mutating.filter(
          (other) => !other.isOurs && comesAfter(other, webhook) && matchesTarget(other, POD_CREATION),
        );
        if (later.length === 0) return [];
        const message = `reinvocationPolicy is ${webhook.reinvocationPolicy ?? 'Never'}, but ${listed(later)} can change Pods afterward`;
        return [{ subject: webhookLabel(webhook), message, remedy: 'set reinvocationPolicy: IfNeeded' }];
      });
  },
});

function comesAfter(other: Webhook, webhook: Webhook): boolean {
  return other.configuration > webhook.configuration;
}

const SHOWN = 3;

function listed(webhooks: readonly Webhook[]): string {
  const names = webhooks.slice(0, SHOWN).map(webhookLabel).join('; ');
  return webhooks.length > SHOWN ? `${names}; and ${webhooks.length - SHOWN} more` : names;
}

export const webhookDeadlock = defineCheck({
  id: 'webhook-deadlock',
  title: 'webhooks that wait for each other',
  why: 'If both servers stop, for example with their nodes, neither can start again, because each webhook rejects the Pods of the other.',
  needs: ['webhooks', 'namespaces', 'namespace', 'deployment'],
  find({ webhooks, namespaces, namespace, deployment }) {
    const closed = webhooks.filter(
      (webhook) => (webhook.failurePolicy ?? 'Fail') === 'Fail' && matchesTarget(webhook, POD_CREATION),
    );
    const ownLabels = namespaces.get(namespace) ?? NO_LABELS;
    const podLabels = deployment?.spec.template.metadata?.labels ?? {};
    const own = { name: namespace, labels: ownLabels };
    const reviewingUs = closed.filter(
      (other) =>
        !other.isOurs &&
        matchesNamespace(other, ownLabels) &&
        matchesObject(other, podLabels) &&
        !isLeftOut(other, podProbe(podLabels), own),
    );
    return [...Map.groupBy(reviewingUs, homeOf)].flatMap(([home, others]) => {
      const labels = home === undefined || home === namespace ? undefined : namespaces.get(home);
      if (home === undefined || labels === undefined) return [];
      const mutual = ours(closed).find(
        (webhook) =>
          matchesNamespace(webhook, labels) && !isLeftOut(webhook, podProbe(NO_LABELS), { name: home, labels }),
      );
      if (mutual === undefined) return [];
      const message = `it reviews Pods in namespace ${namespace}, and ${webhookLabel(mutual)} reviews the Pods of its server in namespace ${home}`;
      const remedy = `kubectl label namespace ${home} tidewaiter.dev/fail=open, or exclude namespace ${namespace} in the other webhook`;
      return [{ subject: listed(others), message, remedy }];
    });
  },
});

/** The namespace of its server. */
function homeOf({ clientConfig }: Webhook): string | undefined {
  return clientConfig.service?.namespace;
}
