/** The next steps of strictness, each with what it would deny. */
import { plain } from '../../install/yaml.ts';
import { count } from '../../report/paint.ts';
import type { SuggestedStep } from '../../report/suggest.ts';
import { checksAll, type Chosen, merged, type TriedList } from './choice.ts';
import { denialsIn, isClean, isKnown, MAX_EXCLUDED, type Tried, worstNamespaces } from './findings.ts';
import { type Entry, mainPolicy, partialPolicy, type PolicyDraft, stepDocument } from './policy-drafts.ts';
import type { Removal } from './questions.ts';
import type { Survey } from './survey.ts';

export interface StepContext {
  readonly survey: Survey;
  readonly main: readonly Entry[];
  readonly chosen: readonly Chosen[];
}

export function laddersSteps(context: StepContext): readonly SuggestedStep[] {
  return context.chosen.flatMap((chosen) => [...namespaceSteps(chosen, context), ...ruleSteps(chosen, context)]);
}

/** One for each namespace that a policy excludes. */
function namespaceSteps({ ladder: { rungs }, partial }: Chosen, context: StepContext): readonly SuggestedStep[] {
  const rung = partial && rungs[partial.index];
  if (partial === undefined || rung === undefined) return [];
  return partial.excluded.map((namespace) =>
    stepOf(rung, context, {
      kind: 'namespace',
      change: `apply ${ruleText(rung)} to namespace ${namespace}`,
      includes: (name) => name === namespace,
      draft: partialPolicy(
        rung,
        partial.excluded.filter((name) => name !== namespace),
      ),
    }),
  );
}

/** The next stricter rung, everywhere, and without the namespaces with most denials if they are too many for a policy. */
function ruleSteps({ ladder: { rungs }, main, partial }: Chosen, context: StepContext): readonly SuggestedStep[] {
  const strictest = Math.min(partial?.index ?? rungs.length, indexOfDenying(main) ?? rungs.length);
  const rung = rungs.slice(0, strictest).findLast((one) => isKnown(one) && one.tally.denied.count > 0);
  if (rung === undefined) return [];
  const isNew = indexOfDenying(main) === undefined && partial === undefined;
  const kind = isNew ? 'rule' : 'parameter';
  const change = `deny violations of ${ruleText(rung)}`;
  const everywhere = stepOf(rung, context, { kind, change, draft: withRung(context.main, rung) });
  if (rung.tally.namespaces.size <= MAX_EXCLUDED) return [everywhere];
  const excluded = worstNamespaces(rung);
  const but = new Set<string | null>(excluded);
  const some = stepOf(rung, context, {
    kind,
    change: `${change} outside of the ${count(excluded.length, 'namespace')} with most`,
    includes: (name) => !but.has(name),
    draft: partialPolicy(rung, excluded),
  });
  return excluded.length === 0 ? [everywhere] : [some, everywhere];
}

function indexOfDenying(main: Chosen['main']): number | undefined {
  return main?.action === 'deny' ? main.index : undefined;
}

/** The main policy with this rule, in the place of a looser one. */
function withRung(main: readonly Entry[], { question: { rule, parameters }, tally }: Tried): PolicyDraft {
  const entry: Entry = { rule, parameters, action: 'deny', violations: tally.denied.count };
  const others = main.filter((one) => one.rule !== rule || one.action === 'deny');
  return mainPolicy([...others, entry]);
}

/** One for each item of a list that has violations. */
export function listSteps(lists: readonly TriedList[], context: StepContext): readonly SuggestedStep[] {
  return lists.flatMap((list) => {
    if (checksAll(list, context.chosen)) return [];
    return list.items
      .filter((item) => !isClean(item) && isKnown(item))
      .map((item) =>
        stepOf(item, context, {
          kind: 'parameter',
          change: item.change,
          draft: withItem(context.main, item),
        }),
      );
  });
}

function withItem(main: readonly Entry[], { question: { rule, parameters = {} }, tally }: Tried): PolicyDraft {
  const own = main.find((entry) => entry.rule === rule && entry.action === 'deny');
  const violations = tally.denied.count;
  if (own === undefined) return mainPolicy([...main, { rule, parameters, action: 'deny', violations }]);
  return mainPolicy(
    main.map((entry) =>
      entry === own ? { ...own, parameters: merged(own.parameters, parameters), violations } : entry,
    ),
  );
}

/** One for each registry that the list could do without. */
export function removalSteps(removals: readonly (Removal & Tried)[], context: StepContext): readonly SuggestedStep[] {
  const chosen = context.chosen.find(({ ladder }) => ladder.rule === 'image-registry');
  const isPartial = chosen?.partial !== undefined;
  if (chosen === undefined || (chosen.main?.action !== 'deny' && !isPartial)) return [];
  const excluded = chosen.partial?.excluded ?? [];
  const but = new Set<string | null>(excluded);
  return removals.flatMap((removal) => {
    if (!isKnown(removal)) return [];
    const { question, tally } = removal;
    const entry: Entry = { ...question, action: 'deny', violations: tally.denied.count };
    const main = context.main.map((one) => (one.rule === 'image-registry' ? entry : one));
    return [
      stepOf(removal, context, {
        kind: 'registry',
        change: `remove ${removal.pattern} from image-registry`,
        includes: (name) => !but.has(name),
        draft: isPartial ? partialPolicy(removal, excluded) : mainPolicy(main),
      }),
    ];
  });
}

interface StepParts {
  readonly kind: SuggestedStep['kind'];
  readonly change: string;
  /** The namespaces that the step is about; by default, all. */
  readonly includes?: (namespace: string | null) => boolean;
  readonly draft: PolicyDraft;
}

function stepOf(tried: Tried, { survey }: StepContext, { kind, change, includes, draft }: StepParts): SuggestedStep {
  const { total, ...lists } = denialsIn(tried, includes);
  return {
    kind,
    rule: tried.question.rule,
    change,
    denied: total.count,
    reviews: reviewsIn(survey, includes),
    first: total.first,
    last: total.last,
    ...lists,
    policy: plain(stepDocument(draft, change)) as object,
  };
}

/** Namespaces that are not counted one by one are part of the total. */
function reviewsIn({ total, namespaces }: Survey, includes: StepParts['includes']): number {
  if (includes === undefined) return total.count;
  const entries = [...namespaces];
  const known = entries.reduce((sum, [, number]) => sum + number, 0);
  const uncounted = includes(UNLISTED) ? total.count - known : 0;
  return entries.reduce((sum, [name, number]) => (includes(name) ? sum + number : sum), uncounted);
}

/** No namespace has this name. */
const UNLISTED = '';

/** `image-pull-policy {when: latest}` */
function ruleText({ question: { rule, parameters } }: Tried): string {
  if (parameters === undefined || rule === 'image-registry') return rule;
  const texts = Object.entries(plain(parameters) as object).map(([key, value]) => `${key}: ${shown(value)}`);
  return `${rule} {${texts.join(', ')}}`;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
