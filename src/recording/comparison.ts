/** Compares two outcomes of one review. */
import { CHANGE_RULES } from '../policy/change-rules.ts';
import { type Outcome, type OutcomeFinding, samePatch } from './outcome.ts';

/**
 * `patch`: the decision is the same, and the patch differs. `message`: the decision and the patch are the same, and findings or
 * texts differ. `unknown`: the outcome cannot be determined.
 */
export const REPLAY_CHANGES = ['newly-denied', 'newly-allowed', 'patch', 'message', 'unknown', 'same'] as const;
export type ReplayChange = (typeof REPLAY_CHANGES)[number];

/** A finding that one side has, or that has another action on the other side; null: this side does not have it. */
export interface FindingChange extends Omit<OutcomeFinding, 'action'> {
  readonly before: OutcomeFinding['action'] | null;
  readonly after: OutcomeFinding['action'] | null;
}

export interface Comparison {
  readonly change: ReplayChange;
  readonly findings: readonly FindingChange[];
}

export interface ComparisonOptions {
  /** Facts that one side needs and that are not known. */
  readonly missing: { readonly before: boolean; readonly after: boolean };
  /** Images can be pinned, so that a fact that is missing can change the patch without a finding. */
  readonly pins: boolean;
  /** Which findings are compared; undefined: all, and the texts. */
  readonly isSelected?: ((policy: string, rule: string) => boolean) | undefined;
}

/** A Pod can have thousands of findings; a response lists as many. */
const MAX_FINDINGS = 50;

export function compareOutcomes(before: Outcome, after: Outcome, options: ComparisonOptions): Comparison {
  const { isSelected } = options;
  const all = findingChanges(before.findings, after.findings);
  const findings = isSelected === undefined ? all : all.filter(({ policy, rule }) => isSelected(policy, rule));
  return { change: changeOf({ before, after, findings }, options), findings: findings.slice(0, MAX_FINDINGS) };
}

interface Sides {
  readonly before: Outcome;
  readonly after: Outcome;
  readonly findings: readonly FindingChange[];
}

function changeOf(sides: Sides, options: ComparisonOptions): ReplayChange {
  const { findings } = sides;
  const isDenied = isNewlyDenied(sides, options);
  if (isDenied && !options.missing.before && isCertain(findings)) return 'newly-denied';
  if (isUndetermined(findings, options)) return 'unknown';
  return isDenied ? 'newly-denied' : otherChange(sides, options);
}

function otherChange({ before, after, findings }: Sides, options: ComparisonOptions): ReplayChange {
  if (!before.allowed && after.allowed && hasDenial(findings, 'before', options)) return 'newly-allowed';
  if (comparesPins(options) && !samePatch(before.patch, after.patch)) return 'patch';
  if (findings.length > 0) return 'message';
  return options.isSelected === undefined && hasOtherTexts(before, after) ? 'message' : 'same';
}

function isNewlyDenied({ before, after, findings }: Sides, options: ComparisonOptions): boolean {
  return before.allowed && !after.allowed && hasDenial(findings, 'after', options);
}

/** With a selection, a denial for other reasons does not count. */
function hasDenial(
  findings: readonly FindingChange[],
  side: 'before' | 'after',
  { isSelected }: ComparisonOptions,
): boolean {
  return isSelected === undefined || findings.some((finding) => finding[side] === 'deny');
}

function isCertain(findings: readonly FindingChange[]): boolean {
  return findings.some(({ after, outcome }) => after === 'deny' && outcome === 'violation');
}

function comparesPins({ isSelected }: ComparisonOptions): boolean {
  return isSelected === undefined || CHANGE_RULES.some((rule) => isSelected('', rule));
}

/** What was unknown on both sides changes nothing. */
function isUndetermined(findings: readonly FindingChange[], options: ComparisonOptions): boolean {
  const { missing, pins } = options;
  const unknown = findings.filter(({ outcome }) => outcome === 'unknown');
  return (
    unknown.some(({ before }) => before === null) ||
    (missing.before && unknown.some(({ after }) => after === null)) ||
    (pins && (missing.before || missing.after) && comparesPins(options))
  );
}

function hasOtherTexts(before: Outcome, after: Outcome): boolean {
  return (
    before.message !== after.message ||
    before.warnings.length !== after.warnings.length ||
    before.warnings.some((text, index) => text !== after.warnings[index])
  );
}

/**
 * Pairs findings by rule and message, because a policy can have another name on the other side: those with the same action first. In
 * linear time.
 */
function findingChanges(before: readonly OutcomeFinding[], after: readonly OutcomeFinding[]): readonly FindingChange[] {
  const exact = paired(before, after, (finding) => `${finding.action} ${keyOf(finding)}`);
  const alike = paired(exact.before, exact.after, keyOf);
  return [
    ...alike.pairs.map(([one, other]) => changed(other, one.action, other.action)),
    ...alike.after.map((finding) => changed(finding, null, finding.action)),
    ...alike.before.map((finding) => changed(finding, finding.action, null)),
  ];
}

interface Paired {
  readonly pairs: readonly (readonly [OutcomeFinding, OutcomeFinding])[];
  /** Those that are in no pair. */
  readonly before: readonly OutcomeFinding[];
  readonly after: readonly OutcomeFinding[];
}

function paired(
  before: readonly OutcomeFinding[],
  after: readonly OutcomeFinding[],
  key: (finding: OutcomeFinding) => string,
): Paired {
  const left = Map.groupBy(before, key);
  const pairs: [OutcomeFinding, OutcomeFinding][] = [];
  const rest = after.filter((finding) => {
    const match = left.get(key(finding))?.pop();
    if (match === undefined) return true;
    pairs.push([match, finding]);
    return false;
  });
  return { pairs, before: [...left.values()].flat(), after: rest };
}

function keyOf({ rule, message, outcome }: OutcomeFinding): string {
  return `${rule} ${outcome} ${message}`;
}

function changed(
  { action: _action, ...finding }: OutcomeFinding,
  before: FindingChange['before'],
  after: FindingChange['after'],
): FindingChange {
  return { ...finding, before, after };
}
