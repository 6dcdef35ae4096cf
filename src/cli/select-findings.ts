/** `check --only` and `--except`: the findings of some rules or policies. Everything is evaluated; the others are left out of the report. */
import { UserError } from '../error/user-error.ts';
import { someOf } from '../image/or-list.ts';
import { quoteValue } from '../image/quote.ts';
import { didYouMean } from '../image/suggestion.ts';
import { changeRulesOf } from '../policy/change-rules.ts';
import type { Policy } from '../policy/policy.ts';
import type { Rule } from '../policy/rule.ts';
import type { FindingRow, NoticeRow } from '../report/rows.ts';

export interface SelectFlags {
  readonly only?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
}

export interface Selection {
  readonly findings: (all: readonly FindingRow[]) => readonly FindingRow[];
  /** Leaves out those about policies and rules whose findings are left out. */
  readonly notices: (all: readonly NoticeRow[]) => readonly NoticeRow[];
  /** The policies that still have a rule. */
  readonly policies: readonly Policy[];
}

interface Known {
  readonly policies: readonly Policy[];
  readonly rules: readonly Rule[];
}

/** Throws a UserError for a name that selects nothing: its findings would silently be missing. */
export function selectionOf({ only = [], except = [] }: SelectFlags, known: Known): Selection {
  for (const name of only) requireName(name, '--only', known);
  for (const name of except) requireName(name, '--except', known);
  const has = (policy: string, rule: string): boolean => {
    const isNamed = (name: string): boolean => matches(name, policy, rule);
    return (only.length === 0 || only.some(isNamed)) && !except.some(isNamed);
  };
  const left = known.policies.filter((policy) => findingRulesOf(policy).some((rule) => has(policy.name, rule)));
  if (left.length === 0 && only.length + except.length > 0)
    throw new UserError('--only and --except leave no rule of the policies in use');
  const names = new Set(left.map(({ name }) => name));
  const isAbout = ({ kind, name, rule }: NoticeRow): boolean =>
    kind !== 'ImagePolicy' || name === null || (rule === null ? names.has(name) : has(name, rule));
  return {
    policies: left,
    findings: (all) => all.filter(({ policy, rule }) => has(policy, rule)),
    notices: (all) => (only.length + except.length === 0 ? all : all.filter(isAbout)),
  };
}

/** Findings that `replay --only` compares; undefined: all. Throws a UserError for a name that selects nothing. */
export function findingSelection(
  only: readonly string[],
  known: Known,
): ((policy: string, rule: string) => boolean) | undefined {
  if (only.length === 0) return undefined;
  for (const name of only) requireName(name, '--only', known);
  return (policy, rule) => only.some((name) => matches(name, policy, rule));
}

/** Findings of a policy are about its rules, and about what it changes. */
function findingRulesOf(policy: Policy): readonly string[] {
  return [...policy.bindings.map(({ rule }) => rule), ...changeRulesOf(policy)];
}

/** A name is that of a rule or of a policy, or both as messages have them: `baseline/image-tag`. */
function matches(name: string, policy: string, rule: string): boolean {
  return name === rule || name === policy || name === `${policy}/${rule}`;
}

function requireName(name: string, flag: string, { policies, rules }: Known): void {
  const used = policies.flatMap((policy) => findingRulesOf(policy).map((rule) => ({ policy: policy.name, rule })));
  if (used.some(({ policy, rule }) => matches(name, policy, rule))) return;
  const names = [...new Set(used.flatMap(({ policy, rule }) => [rule, policy]))];
  const expected = `expected ${someOf(names)}`;
  if (rules.some((rule) => rule.name === name))
    throw new UserError(`${flag}: no policy in use has the rule ${quoteValue(name)} (${expected})`);
  throw new UserError(`${flag}: unknown rule or policy ${quoteValue(name)}${didYouMean(name, names)} (${expected})`);
}
