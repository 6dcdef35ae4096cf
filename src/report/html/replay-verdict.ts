/** What a replay means, in sentences. */
import type { ReplayRow } from '../../recording/replay-row.ts';
import { decisiveFindings } from '../replay/problems.ts';
import type { ReplayReport } from '../replay/report.ts';
import type { Part } from './report-data.ts';
import { amount, share } from './sentence.ts';

export function replayVerdict(
  { summary, agreement }: Pick<ReplayReport, 'summary' | 'agreement'>,
  rows: readonly ReplayRow[],
): readonly Part[] {
  const { compared, different, changes } = summary;
  if (compared === 0) return denialVerdict({ summary });
  if (agreement !== undefined) return agreementVerdict(agreement, compared);
  if (different === 0)
    return [[`Nothing changes: ${amount(compared, 'review')} with the same decision, findings, and patch.`]];
  const allowed = changes['newly-allowed'];
  if (changes['newly-denied'] > 0) {
    const others: Part[] = allowed > 0 ? [[` and allow ${allowed.toLocaleString('en-US')} others`]] : [];
    const denials = share(changes['newly-denied'], compared, 'review');
    return [['The policies would newly deny '], [denials, 'bad'], ...others, ...worstHit(rows), ['.']];
  }
  if (allowed > 0)
    return [[`The policies would newly deny nothing and newly allow ${share(allowed, compared, 'review')}.`]];
  const certain = different - changes.unknown;
  if (certain === 0) return [['No decision is known to change.']];
  const have = certain === 1 ? 'has' : 'have';
  return [[`No decision changes; ${share(certain, compared, 'review')} ${have} other findings or patches.`]];
}

function agreementVerdict(
  { bothAllow, bothDeny, onlyPeers, onlyOurs }: NonNullable<ReplayReport['agreement']>,
  compared: number,
): readonly Part[] {
  const only = [
    [onlyPeers, 'only by the other policies'],
    [onlyOurs, 'only by these policies'],
  ] as const;
  const denied = only.flatMap(([number, whom]): readonly Part[] => {
    const is = number === 1 ? 'is' : 'are';
    return number === 0 ? [] : [['; '], [`${number.toLocaleString('en-US')} ${is} denied ${whom}`, 'bad']];
  });
  const same = share(bothAllow + bothDeny, compared, 'review');
  return [[`These policies decide as the other policies do for ${same}`], ...denied, ['.']];
}

/** How much is denied in the end. */
export function denialVerdict({ summary: { denied, reviews } }: Pick<ReplayReport, 'summary'>): readonly Part[] {
  if (denied === 0) return [[`The policies allow ${amount(reviews, 'recorded review')}.`]];
  return [['The policies deny '], [share(denied, reviews, 'recorded review'), 'bad'], ['.']];
}

export function replayReasons({ summary, partial }: ReplayReport, rows: readonly ReplayRow[]): readonly Part[] {
  const { errors, reviews, compared, changes, dropped } = summary;
  const sentences: readonly (readonly Part[])[] = [
    partial ? [['The replay was interrupted, so the result is incomplete.', 'bad']] : [],
    !partial && errors > 0
      ? [[`${amount(errors, 'review')} could not be evaluated, so the result is incomplete.`, 'bad']]
      : [],
    commonCause(rows),
    changes.unknown > 0
      ? [[`${amount(changes.unknown, 'review')} cannot be decided, because facts are missing or unknown.`, 'bad']]
      : [],
    compared < reviews && compared > 0
      ? [[`${amount(reviews - compared, 'review')} had nothing to compare with.`]]
      : [],
    dropped > 0 ? [[`The server could not record ${amount(dropped, 'other review')}.`]] : [],
  ];
  const said = sentences.filter((parts) => parts.length > 0);
  return said.flatMap((parts, index) => (index === 0 ? parts : [[' '] as const, ...parts]));
}

function newlyDenied(rows: readonly ReplayRow[]): readonly ReplayRow[] {
  return rows.filter(({ change }) => change === 'newly-denied');
}

function total(rows: readonly ReplayRow[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

/** The team with the most denials, otherwise the namespace, if it has at least half of them and not all. */
function worstHit(rows: readonly ReplayRow[]): readonly Part[] {
  const denied = newlyDenied(rows);
  const all = total(denied);
  for (const [nameOf, words] of HIT) {
    const groups = Map.groupBy(denied, nameOf);
    groups.delete(null);
    const [first] = [...groups]
      .map(([name, members]) => ({ name: name ?? '', count: total(members) }))
      .toSorted((one, other) => other.count - one.count);
    if (first === undefined || first.count === all || first.count * 2 < all) continue;
    return [['; '], [`${first.count.toLocaleString('en-US')} ${words(first.count)} ${first.name}`, 'bad']];
  }
  return [];
}

const HIT: readonly (readonly [(row: ReplayRow) => string | null, (count: number) => string])[] = [
  [({ team }) => team, (count) => (count === 1 ? 'belongs to' : 'belong to')],
  [({ namespace }) => namespace, (count) => (count === 1 ? 'is in' : 'are in')],
];

const MAX_IMAGES = 2;

/** The images that alone cause at least half of the denials. */
function commonCause(rows: readonly ReplayRow[]): readonly Part[] {
  const denied = newlyDenied(rows).map((row) => ({ count: row.count, images: imagesOf(row) }));
  const all = denied.reduce((sum, { count }) => sum + count, 0);
  const images = mostFrequent(denied);
  // Two denials need no summary.
  if (images.length === 0 || denied.length <= MAX_IMAGES) return [];
  const isAlone = (each: Denied): boolean => each.images.length > 0 && each.images.every((one) => images.includes(one));
  const caused = denied.filter(isAlone).reduce((sum, { count }) => sum + count, 0);
  if (caused * 2 < all) return [];
  const [start, without] = images.length === 1 ? ['One image causes', 'it'] : ['Two images cause', 'them'];
  const some = caused === all ? `all ${amount(all, 'denial')}` : share(caused, all, 'denial');
  return [[`${start} ${some}: `], ...named(images), [restOf(all - caused, without)]];
}

interface Denied {
  readonly count: number;
  readonly images: readonly string[];
}

function mostFrequent(denied: readonly Denied[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { count, images } of denied)
    for (const image of images) counts.set(image, (counts.get(image) ?? 0) + count);
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one);
  return sorted.slice(0, MAX_IMAGES).map(([image]) => image);
}

function named(images: readonly string[]): readonly Part[] {
  return images.flatMap((image, index): readonly Part[] =>
    index === 0 ? [[image, 'code']] : [[' and '], [image, 'code']],
  );
}

function restOf(left: number, without: string): string {
  return left === 0 ? '.' : `; without ${without}, ${amount(left, 'denial')} ${left === 1 ? 'is' : 'are'} left.`;
}

function imagesOf(row: ReplayRow): readonly string[] {
  return [...new Set(decisiveFindings(row).map(({ image }) => image ?? ''))].filter((image) => image !== '');
}
