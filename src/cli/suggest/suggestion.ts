/** Chooses the strictest policies that deny nothing of a recording, and the next steps. */
import { plain, type TreeObject } from '../../install/yaml.ts';
import type { Rule } from '../../policy/rule.ts';
import type { SuggestedRule, SuggestedStep, UnknownRule } from '../../report/suggest.ts';
import { checksAll, chooseFrom, type Chosen, merged, type TriedList, type TriedQuestions } from './choice.ts';
import { isClean, isKnown } from './findings.ts';
import { documentOf, type Entry, mainPolicy, partialPolicy, type PolicyDraft } from './policy-drafts.ts';
import { laddersSteps, listSteps, removalSteps, type StepContext } from './steps.ts';
import type { Survey } from './survey.ts';

export interface Suggestion {
  /** With comments. */
  readonly policies: readonly TreeObject[];
  readonly rules: readonly SuggestedRule[];
  readonly steps: readonly SuggestedStep[];
  readonly unknown: readonly UnknownRule[];
}

export function suggestionFrom(tried: TriedQuestions, survey: Survey, rules: readonly Rule[]): Suggestion {
  const chosen = tried.ladders.map((ladder) => chooseFrom(ladder, survey));
  const describe = (rule: string): string => rules.find(({ name }) => name === rule)?.description ?? rule;
  const main = withLists(chosen.flatMap(mainEntry), chosen, tried.lists);
  const partials = chosen.flatMap(partialDraft);
  const context: StepContext = { survey, main, chosen };
  const steps = [...laddersSteps(context), ...listSteps(tried.lists, context), ...removalSteps(tried.removals, context)]
    .filter(({ denied }) => denied > 0)
    .toSorted(byShare);
  const drafts = [...(main.length === 0 ? [] : [mainPolicy(main)]), ...partials];
  const text = { describe, steps, survey };
  return {
    policies: drafts.map((draft) => documentOf(draft, text)),
    rules: drafts.flatMap(rulesOf),
    steps,
    unknown: chosen.flatMap(unknownRule),
  };
}

function mainEntry({ ladder: { rungs }, main }: Chosen): readonly Entry[] {
  const rung = main && rungs[main.index];
  if (main === undefined || rung === undefined) return [];
  const { rule, parameters } = rung.question;
  return [{ rule, parameters, action: main.action, violations: rung.tally.denied.count }];
}

function partialDraft({ ladder: { rungs }, partial }: Chosen): readonly PolicyDraft[] {
  const rung = partial && rungs[partial.index];
  return rung === undefined ? [] : [partialPolicy(rung, partial?.excluded ?? [])];
}

/** Adds the items without a violation, to the rule of the main policy if it denies. */
function withLists(main: readonly Entry[], chosen: readonly Chosen[], lists: readonly TriedList[]): readonly Entry[] {
  return lists.reduce<readonly Entry[]>((entries, list) => {
    const values = list.items.filter(isClean).flatMap((item) => item.values);
    if (values.length === 0 || checksAll(list, chosen)) return entries;
    const parameters = { [list.key]: values };
    const own = entries.find(({ rule, action }) => rule === list.rule && action === 'deny');
    if (own === undefined) return withEntry(entries, { rule: list.rule, parameters, action: 'deny', violations: 0 });
    return entries.map((entry) => (entry === own ? { ...own, parameters: merged(own.parameters, parameters) } : entry));
  }, main);
}

/** After the other entries of the rule. */
function withEntry(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const last = entries.findLastIndex(({ rule }) => rule === entry.rule);
  return last < 0 ? [...entries, entry] : entries.toSpliced(last + 1, 0, entry);
}

function rulesOf({ name, entries, excluded }: PolicyDraft): readonly SuggestedRule[] {
  return entries.map(({ rule, parameters, action, violations }) => ({
    policy: name,
    rule,
    parameters: plainParameters(parameters),
    action,
    excludedNamespaces: excluded,
    violations,
  }));
}

export function plainParameters(parameters: TreeObject | undefined): object | null {
  return parameters === undefined ? null : (plain(parameters) as object);
}

/** The loosest of the stricter rungs whose result is unknown. */
function unknownRule({ ladder: { rungs }, main, partial }: Chosen): readonly UnknownRule[] {
  const index = Math.min(partial?.index ?? rungs.length, main?.index ?? rungs.length);
  const rung = rungs.slice(0, index).findLast((one) => !isKnown(one));
  if (rung === undefined) return [];
  const { question, tally } = rung;
  return [
    {
      rule: question.rule,
      parameters: plainParameters(question.parameters),
      unknown: tally.unknown.count,
      denied: tally.denied.count,
      reason: tally.reason ?? '',
    },
  ];
}

/** Reviews that a step denies, per review that it applies to: the price of its gain. */
function byShare(one: SuggestedStep, other: SuggestedStep): number {
  return (
    one.denied / one.reviews - other.denied / other.reviews ||
    one.denied - other.denied ||
    (`${one.rule} ${one.change}` < `${other.rule} ${other.change}` ? -1 : 1)
  );
}
