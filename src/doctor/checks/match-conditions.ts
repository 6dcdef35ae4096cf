import { newBudget } from '../../cel/budget.ts';
import { quoteValue } from '../../image/quote.ts';
import { defineCheck, type Problem } from '../check.ts';
import { type Unknown, unknown } from '../known.ts';
import { type Condition, type ConditionResult, compileCondition } from '../match-conditions.ts';
import {
  isValidating,
  listText,
  matchesNamespace,
  matchesTarget,
  ours,
  patchCommand,
  webhookLabel,
} from '../matching.ts';
import { canCover, type Place, type ProbeKind, probeKinds, USERS, variablesOf } from '../probe-requests.ts';
import type { PolicyScope, Values, Webhook } from '../values.ts';

export const matchConditions = defineCheck({
  id: 'match-conditions',
  title: 'whether matchConditions of the webhooks let through what the policies need',
  why: 'The API server does not send an object for which a condition is false. If a condition fails, it rejects the object (failurePolicy: Fail), or does not send it (Ignore).',
  needs: ['webhooks', 'policies', 'namespaces', 'namespace'],
  find(values) {
    const results = ours(values.webhooks).flatMap((webhook) => conditionResults(webhook, values));
    const problems = results.flatMap((result) => ('state' in result ? [] : [result]));
    const [undetermined] = results.flatMap((result) => ('state' in result ? [result] : []));
    return problems.length > 0 ? problems : (undetermined ?? []);
  },
});

type Needed = Pick<Values, 'webhooks' | 'policies' | 'namespaces' | 'namespace'>;

/** Enough to find a condition about namespaces. */
const MAX_NAMESPACES = 50;

function conditionResults(webhook: Webhook, values: Needed): readonly (Problem | Unknown)[] {
  const { matchConditions: conditions = [] } = webhook;
  if (conditions.length === 0) return [];
  const places = placesOf(webhook, values);
  const probes = probesFor(webhook, values.policies.scopes, places);
  const budget = newBudget(probes.length * USERS.length * conditions.length);
  return conditions.flatMap((condition): readonly (Problem | Unknown)[] => {
    const where = `matchCondition ${quoteValue(condition.name)} of ${webhookLabel(webhook)}`;
    const compiled = compileCondition(condition);
    if (compiled.state === 'unknown') return [unknown(`${where} cannot be evaluated: ${compiled.reason}`)];
    const wrong = wrongFor(compiled.value, probes, budget);
    if ('state' in wrong) return [unknown(`${where} cannot be evaluated: ${wrong.reason}`)];
    if (wrong.length === 0) return [];
    const patch = { op: 'remove', path: `/matchConditions/${conditions.indexOf(condition)}` } as const;
    const message = `matchCondition ${quoteValue(condition.name)} ${wrongText(wrong, places)}`;
    return [{ subject: webhookLabel(webhook), message, remedy: patchCommand(webhook, values.webhooks, patch) }];
  });
}

function placesOf(webhook: Webhook, { namespaces, namespace }: Needed): readonly Place[] {
  return [...namespaces]
    .filter(([name, labels]) => name !== namespace && name !== 'kube-system' && matchesNamespace(webhook, labels))
    .map(([name, labels]) => ({ name, labels }))
    .slice(0, MAX_NAMESPACES);
}

interface Probe {
  readonly kind: ProbeKind;
  readonly place: Place;
}

/** What the rules and the selectors of the webhook include, and a policy covers. */
function probesFor(webhook: Webhook, scopes: readonly PolicyScope[], places: readonly Place[]): readonly Probe[] {
  const isMutating = !isValidating(webhook);
  const relevant = isMutating ? scopes.filter(({ pin }) => pin !== undefined) : scopes;
  const kinds = probeKinds(({ mutated, subresources }) => (isMutating ? mutated : ['', ...subresources]));
  return kinds
    .filter((kind) => matchesTarget(webhook, kind))
    .flatMap((kind) =>
      places
        .filter((place) => relevant.some((scope) => canCover(scope, kind, place)))
        .map((place) => ({ kind, place })),
    );
}

interface Wrong extends Probe {
  readonly result: Exclude<ConditionResult, 'true'>;
}

/** The probes that are not sent for any user. A condition can leave out some users on purpose. */
function wrongFor(
  condition: Condition,
  probes: readonly Probe[],
  budget: ReturnType<typeof newBudget>,
): readonly Wrong[] | Unknown {
  const wrong: Wrong[] = [];
  for (const { kind, place } of probes) {
    const results = new Set<ConditionResult>();
    for (const user of USERS) {
      const result = condition.evaluate(variablesOf(kind, place, user), { ...budget, left: budget.steps });
      if (result.state === 'unknown') return result;
      results.add(result.value);
    }
    if (!results.has('true')) wrong.push({ kind, place, result: results.has('false') ? 'false' : 'failed' });
  }
  return wrong;
}

/** `is false for pods (CREATE, UPDATE) and deployments.apps (CREATE) in namespace shop` */
function wrongText(wrong: readonly Wrong[], places: readonly Place[]): string {
  const isFalse = wrong.some(({ result }) => result === 'false');
  const byPath = Map.groupBy(wrong, ({ kind }) => pathOf(kind));
  const kinds = [...byPath].map(([path, rows]) => {
    const operations = new Set(rows.map(({ kind: { operation } }) => operation));
    return `${path} (${[...operations].join(', ')})`;
  });
  const names = [...new Set(wrong.map(({ place: { name } }) => name))];
  const where = names.length === places.length ? '' : ` in namespace ${listText(names)}`;
  return `${isFalse ? 'is false' : 'fails'} for ${listText(kinds)}${where}`;
}

function pathOf({ group, resource, subresource }: ProbeKind): string {
  return `${resource}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
}
