/** Says the result of a replay in sentences. */
import { count } from '../paint.ts';
import { numberText } from '../number-text.ts';
import { groupCount, type OtherGroups } from './group-limit.ts';
import { type Grouping, type ReplayGroup, total } from './groups.ts';
import type { ReplayReport, ReplaySummary } from './report.ts';

/** `Of 12,304 reviews (3 days), 41 would be newly denied, in 6 workloads of 3 namespaces` */
export function resultSentence(report: ReplayReport): string {
  const { summary } = report;
  const { compared, reviews, changes, different } = summary;
  if (reviews === 0) return 'No review was evaluated';
  if (compared === 0) {
    const { allowed, denied } = summary;
    return `${amount(reviews, 'review')}${period(summary)}: ${numberText(allowed)} allowed, ${numberText(denied)} denied, and nothing to compare with`;
  }
  const all = `Of ${amount(compared, 'review')}${period(summary)},`;
  if (different === 0) return `${all} none differs`;
  const denied = changes['newly-denied'];
  if (denied === 0)
    return `${all} none would be newly denied, and ${numberText(different)} ${different === 1 ? 'differs' : 'differ'}`;
  return `${all} ${numberText(denied)} would be newly denied, ${placesOf(report)}`;
}

function placesOf(report: ReplayReport): string {
  return `in ${deniedGroups(report, 'owner')} of ${deniedGroups(report, 'namespace')}`;
}

function deniedGroups({ groups, otherGroups }: ReplayReport, by: Grouping): string {
  const listed = groups[by].filter(({ changes }) => (changes['newly-denied'] ?? 0) > 0).length;
  return groupAmount(by, listed, otherGroups[by]['newly-denied']);
}

const GROUP_WORDS: Readonly<Record<Grouping, readonly [one: string, many: string]>> = {
  owner: ['workload', 'workloads'],
  namespace: ['namespace', 'namespaces'],
  rule: ['rule', 'rules'],
  registry: ['registry', 'registries'],
};

function groupAmount(by: Grouping, listed: number, others: OtherGroups | undefined): string {
  const [one, many] = GROUP_WORDS[by];
  return `${groupCount(listed, others)} ${listed + (others?.groups ?? 0) === 1 ? one : many}`;
}

/** `(others: 95,000 workloads)` */
export function othersLabel(by: Grouping, listed: number, others: OtherGroups | undefined): string {
  return `(others: ${groupAmount(by, listed, others)})`;
}

const OTHERS = [
  ['newly-allowed', 'newly allowed'],
  ['patch', 'with another patch'],
  ['message', 'with other findings or messages'],
  ['unknown', 'unknown'],
  ['same', 'the same'],
] as const;

/** The other counts, without those of nothing. */
export function otherCounts({ changes, compared, reviews, dropped, missingFacts }: ReplaySummary): readonly string[] {
  const parts = OTHERS.flatMap(([change, words]) =>
    changes[change] === 0 ? [] : [`${numberText(changes[change])} ${words}`],
  );
  if (compared > 0 && reviews > compared)
    parts.push(`${numberText(reviews - compared)} without anything to compare with`);
  if (missingFacts > 0) parts.push(`${numberText(missingFacts)} whose facts are not all in the recording`);
  if (dropped > 0) parts.push(`${numberText(dropped)} more that the server could not record`);
  return parts;
}

/** ` (3 days)`, if times are known and differ. */
function period({ first, last }: ReplaySummary): string {
  if (first === null || last === null) return '';
  const text = spanText(Date.parse(last) - Date.parse(first));
  return text === undefined ? '' : ` (${text})`;
}

const SPANS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** Rounded, in the largest unit of which there are at least two. */
function spanText(ms: number): string | undefined {
  const [unit, size] = SPANS.find(([, each]) => ms >= 2 * each) ?? ['minute', 60_000];
  const rounded = Math.round(ms / size);
  return rounded === 0 ? undefined : count(rounded, unit);
}

export function amount(value: number, word: string): string {
  return `${numberText(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** `2027-03-01 12:00`, in UTC. */
export function timeText(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** Reviews that differ, of all rules. */
export function ruleTable({
  groups,
  otherGroups,
}: ReplayReport): readonly { readonly name: string; readonly cells: readonly number[] }[] {
  const all = [...groups.rule, ...otherRules(otherGroups.rule)];
  return all.map((group) => ({ name: group.name, cells: RULE_COLUMNS.map(([, valueOf]) => valueOf(group)) }));
}

type Group = Pick<ReplayGroup, 'name' | 'changes'>;

function otherRules(others: ReplayReport['otherGroups']['rule']): readonly Group[] {
  const entries = Object.entries(others);
  if (entries.length === 0) return [];
  return [{ name: '(others)', changes: Object.fromEntries(entries.map(([change, { reviews }]) => [change, reviews])) }];
}

export const RULE_COLUMNS: readonly (readonly [title: string, valueOf: (group: Group) => number])[] = [
  ['newly denied', ({ changes }) => changes['newly-denied'] ?? 0],
  ['newly allowed', ({ changes }) => changes['newly-allowed'] ?? 0],
  ['unknown', ({ changes }) => changes['unknown'] ?? 0],
  ['other', (group) => total(group) - RULE_COLUMNS.slice(0, 3).reduce((sum, [, valueOf]) => sum + valueOf(group), 0)],
];
