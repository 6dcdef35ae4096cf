import { selects } from '../../policy/selector.ts';
import { defineCheck, type Problem } from '../check.ts';
import { matchesNamespace, ours, webhookLabel } from '../matching.ts';
import type { Deployment } from '../objects.ts';
import { applyAgain } from '../remedy.ts';
import type { Webhook } from '../values.ts';

export const failurePolicy = defineCheck({
  id: 'failure-policy',
  title: 'whether enough replicas run for failurePolicy: Fail',
  why: 'With Fail, an outage of the server stops all new Pods, except in the excluded namespaces. One replica is an outage whenever its node is drained.',
  needs: ['webhooks', 'deployment', 'budgets', 'namespace', 'namespaces'],
  find({ webhooks, deployment, budgets, namespace, namespaces }) {
    const all = [...namespaces.values()];
    const closed = ours(webhooks).filter(
      (webhook) =>
        (webhook.failurePolicy ?? 'Fail') === 'Fail' && all.some((labels) => matchesNamespace(webhook, labels)),
    );
    if (closed.length === 0 || deployment === undefined) return [];
    const labels = deployment.spec.template.metadata?.labels ?? {};
    const hasBudget = budgets.some(({ spec: { selector } }) => selects(selector ?? {}, labels, true) === 'yes');
    const subject = `Deployment ${namespace}/${deployment.metadata.name}`;
    return [
      ...replicaProblems(subject, deployment, closed),
      ...(hasBudget ? [] : [budgetProblem({ subject, namespace }, closed)]),
    ];
  },
});

const MIN_REPLICAS = 2;

function replicaProblems(
  subject: string,
  { metadata, spec, status }: Deployment,
  closed: readonly Webhook[],
): readonly Problem[] {
  const { replicas = 1 } = spec;
  const { readyReplicas = 0 } = status ?? {};
  const isFew = replicas < MIN_REPLICAS;
  if (!isFew && readyReplicas >= MIN_REPLICAS) return [];
  const number = isFew
    ? `has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`
    : `has ${readyReplicas} of ${replicas} replicas ready`;
  const message = `it ${number}, and ${labelsOf(closed)} has failurePolicy: Fail`;
  const namespace = metadata.namespace ?? 'tidewaiter';
  const remedy = isFew
    ? `kubectl scale deployment ${metadata.name} -n ${namespace} --replicas=2`
    : `kubectl describe pods -n ${namespace} -l app.kubernetes.io/name=tidewaiter`;
  return [{ subject, message, remedy }];
}

function budgetProblem(
  { subject, namespace }: { readonly subject: string; readonly namespace: string },
  closed: readonly Webhook[],
): Problem {
  return {
    subject,
    message: `no PodDisruptionBudget selects its Pods, and ${labelsOf(closed)} has failurePolicy: Fail`,
    remedy: applyAgain(namespace),
  };
}

function labelsOf(webhooks: readonly Webhook[]): string {
  const [first] = webhooks;
  return first === undefined ? '' : webhookLabel(first);
}
