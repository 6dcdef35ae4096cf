import { defineCheck, type Problem } from '../check.ts';
import { matchesNamespace, NO_LABELS, ours, webhookLabel } from '../matching.ts';
import type { Values } from '../values.ts';

export const selfExclusion = defineCheck({
  id: 'self-exclusion',
  title: 'whether the webhooks leave out their own namespace',
  why: 'If no server runs, a webhook that reviews its own Pods can keep them from starting, and the cluster cannot recover by itself.',
  needs: ['webhooks', 'namespaces', 'namespace'],
  find: (values) => included(values, values.namespace),
});

export const kubeSystem = defineCheck({
  id: 'kube-system',
  title: 'whether the webhooks leave out kube-system',
  why: 'DNS, the network, and the controllers of the cluster run in kube-system; during an outage of the server, they must be able to start.',
  needs: ['webhooks', 'namespaces'],
  find: (values) => included(values, 'kube-system'),
});

function included(
  { webhooks, namespaces }: Pick<Values, 'webhooks' | 'namespaces'>,
  namespace: string,
): readonly Problem[] {
  const labels = namespaces.get(namespace) ?? { ...NO_LABELS, 'kubernetes.io/metadata.name': namespace };
  return ours(webhooks)
    .filter((webhook) => matchesNamespace(webhook, labels))
    .map((webhook) => ({
      subject: webhookLabel(webhook),
      message: `namespaceSelector matches namespace ${namespace}`,
      remedy: `add to namespaceSelector.matchExpressions: {key: kubernetes.io/metadata.name, operator: NotIn, values: [${namespace}]}`,
    }));
}
