/** Policies before they are documents. */
import { commented, type TreeObject } from '../../install/yaml.ts';
import type { SuggestedStep } from '../../report/suggest.ts';
import { numberText } from '../../report/number-text.ts';
import { reviewsText, spanText, stepText } from '../../report/suggest-steps.ts';
import { binding, policyTree } from '../derive/policy-tree.ts';
import type { Tried } from './findings.ts';
import type { Survey } from './survey.ts';

/** A rule of a policy. */
export interface Entry {
  readonly rule: string;
  readonly parameters: TreeObject | undefined;
  readonly action: 'deny' | 'warn';
  /** Reviews in the whole recording. */
  readonly violations: number;
}

export interface PolicyDraft {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly excluded: readonly string[];
}

export function mainPolicy(entries: readonly Entry[]): PolicyDraft {
  return { name: 'images', entries, excluded: [] };
}

/** Applies outside of these namespaces. */
export function partialPolicy({ question, tally }: Tried, excluded: readonly string[]): PolicyDraft {
  const { rule, parameters } = question;
  return { name: rule, entries: [{ rule, parameters, action: 'deny', violations: tally.denied.count }], excluded };
}

export interface DocumentText {
  /** The description of a rule. */
  readonly describe: (rule: string) => string;
  /** In order. */
  readonly steps: readonly SuggestedStep[];
  readonly survey: Survey;
}

/** Steps in the comment of a rule. */
const MAX_COMMENTED = 3;

/** The document, with comments that justify each rule and name its next steps. */
export function documentOf({ name, entries, excluded }: PolicyDraft, text: DocumentText): TreeObject {
  const { total } = text.survey;
  const description = `Written by tidewaiter suggest; denies nothing in ${reviewsText(total.count)}${spanText(total.first, total.last)}`;
  const rules = entries.map((entry) => {
    const isFirst = entries.find(({ rule }) => rule === entry.rule) === entry;
    return commented(
      commentOn(entry, { excluded, isFirst }, text),
      binding(entry.rule, entry.parameters, actionOf(entry)),
    );
  });
  return policyTree({ name, description, excluded, rules });
}

/** The same document without comments. */
export function stepDocument({ name, entries, excluded }: PolicyDraft, change: string): TreeObject {
  return policyTree({
    name,
    description: `A next step of tidewaiter suggest: ${change}`,
    excluded,
    rules: entries.map((entry) => binding(entry.rule, entry.parameters, actionOf(entry))),
  });
}

function actionOf({ action }: Entry): 'warn' | undefined {
  return action === 'warn' ? action : undefined;
}

function commentOn(
  { rule, action, violations }: Entry,
  { excluded, isFirst }: { readonly excluded: readonly string[]; readonly isFirst: boolean },
  { describe, steps, survey }: DocumentText,
): string {
  const share = `${numberText(violations)} of ${reviewsText(survey.total.count)}`;
  const found = {
    deny: violations === 0 ? `no violation in ${reviewsText(survey.total.count)}` : `violated by ${share}`,
    warn: `violated by ${share}, so it only warns`,
  }[action];
  const where = excluded.length === 0 ? '' : ', all of them in excluded namespaces';
  const own = isFirst ? steps.filter((step) => step.rule === rule).slice(0, MAX_COMMENTED) : [];
  return [`${describe(rule)}: ${found}${where}`, ...own.map((step) => `Next: ${stepText(step)}`)].join('\n');
}
