import { NAME } from '../../install/options.ts';
import { defineCheck, type Problem } from '../check.ts';
import { isValidating, listText, matchesNamespace, ours, patchCommand, webhookLabel } from '../matching.ts';
import { canCover, probeKinds } from '../probe-requests.ts';
import type { PolicyScope, Values, Webhook } from '../values.ts';

type Needed = Pick<Values, 'namespaces' | 'namespace'>;

export const webhookSelectors = defineCheck({
  id: 'webhook-selectors',
  title: 'whether the selectors of the webhooks include what the policies cover',
  why: 'The API server sends nothing from a namespace that no webhook selects, although a policy applies there.',
  needs: ['webhooks', 'policies', 'namespaces', 'namespace'],
  find(values) {
    const all = ours(values.webhooks);
    const { scopes } = values.policies;
    return [
      ...all.flatMap((webhook) => objectSelectorProblem(webhook, values.webhooks)),
      ...leftOut(all.filter(isValidating), scopes, values),
      ...leftOut(
        all.filter((webhook) => !isValidating(webhook)),
        scopes.filter(({ pin }) => pin !== undefined),
        values,
      ),
    ];
  },
});

function objectSelectorProblem(webhook: Webhook, all: readonly Webhook[]): readonly Problem[] {
  const { matchLabels = {}, matchExpressions = [] } = webhook.objectSelector ?? {};
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) return [];
  const message = 'objectSelector leaves out objects by their labels, which their authors choose';
  const patch = { op: 'replace', path: '/objectSelector', value: {} } as const;
  return [{ subject: webhookLabel(webhook), message, remedy: patchCommand(webhook, all, patch) }];
}

function leftOut(
  webhooks: readonly Webhook[],
  scopes: readonly PolicyScope[],
  { namespaces, namespace: own }: Needed,
): readonly Problem[] {
  const [first] = webhooks;
  if (first === undefined || scopes.length === 0) return [];
  const selecting = webhooks.map(withoutManagedLabels);
  const kinds = probeKinds(({ mutated, subresources }) => (isValidating(first) ? ['', ...subresources] : mutated));
  const names = [...namespaces].flatMap(([name, labels]) => {
    const isSpared = name === own || name === 'kube-system';
    if (isSpared || selecting.some((webhook) => matchesNamespace(webhook, labels))) return [];
    const isCovered = scopes.some((scope) => kinds.some((kind) => canCover(scope, kind, { name, labels })));
    return isCovered ? [name] : [];
  });
  if (names.length === 0) return [];
  const message = `no webhook selects namespace ${listText(names)}, where a policy applies`;
  const remedy = `exclude the namespaces in the policies as well, or restore namespaceSelector: kubectl edit ${first.kind.toLowerCase()} ${NAME}`;
  return [{ subject: `${first.kind} ${first.configuration}`, message, remedy }];
}

/** Labels of system namespaces, which the admissions enforcer of AKS excludes in every webhook (docs/install.md). */
const MANAGED_LABELS: ReadonlySet<string> = new Set(['control-plane', 'kubernetes.azure.com/managedby']);

function withoutManagedLabels({ namespaceSelector = {} }: Webhook): Pick<Webhook, 'namespaceSelector'> {
  const { matchExpressions = [] } = namespaceSelector;
  const own = matchExpressions.filter(
    ({ key, operator }) => !(MANAGED_LABELS.has(key) && (operator === 'NotIn' || operator === 'DoesNotExist')),
  );
  return { namespaceSelector: { ...namespaceSelector, matchExpressions: own } };
}
