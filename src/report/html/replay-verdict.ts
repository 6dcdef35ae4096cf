/** What a replay means, in sentences. */
import type { ReplayRow } from '../../recording/replay-row.ts';
import { decisiveFindings } from '../replay/problems.ts';
import type { ReplayReport } from '../replay/report.ts';
import { type LeftOutReviews, MAX_FINDINGS } from './alike-rows.ts';
import type { Part } from './report-data.ts';
import { amount, share } from './sentence.ts';

export function replayVerdict(
  { summary, agreement }: Pick<ReplayReport, 'summary' | 'agreement'>,
  newlyDenied: readonly NewlyDenied[],
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
    return [['The policies would newly deny '], [denials, 'bad'], ...others, ...worstHit(newlyDenied), ['.']];
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

export interface ListedReviews {
  /** Those that are listed; none if some are not. */
  readonly newlyDenied: readonly NewlyDenied[];
  readonly leftOut: LeftOutReviews;
}

export function replayReasons(
  { summary, partial }: ReplayReport,
  { newlyDenied, leftOut }: ListedReviews,
): readonly Part[] {
  const { errors, reviews, compared, changes, dropped } = summary;
  const sentences: readonly (readonly Part[])[] = [
    partial ? [['The replay was interrupted, so the result is incomplete.', 'bad']] : [],
    !partial && errors > 0
      ? [[`${amount(errors, 'review')} could not be evaluated, so the result is incomplete.`, 'bad']]
      : [],
    leftOutReason(leftOut.all, leftOut.newlyDenied),
    commonCause(newlyDenied),
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

/** Lists must not look complete if they are not. */
export function leftOutReason(reviews: number, newlyDenied: number): readonly Part[] {
  if (reviews === 0) return [];
  const denied = newlyDenied === 0 ? '' : `, ${newlyDenied.toLocaleString('en-US')} of them newly denied,`;
  const are = reviews === 1 ? 'is' : 'are';
  const limit = MAX_FINDINGS.toLocaleString('en-US');
  return [
    [`${amount(reviews, 'more review')}${denied} ${are} counted but not listed`, 'bad'],
    [`, because this page lists up to ${limit} findings; use -o json for all, or --namespace for some.`],
  ];
}

/** What the sentences need of a review that would be newly denied. */
export interface NewlyDenied {
  readonly count: number;
  readonly team: string | null;
  readonly namespace: string | null;
  readonly images: readonly string[];
}

export function newlyDeniedIn(row: ReplayRow): NewlyDenied {
  const { count, team, namespace } = row;
  return { count, team, namespace, images: imagesOf(row) };
}

function total(rows: readonly Pick<NewlyDenied, 'count'>[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

/** The team with the most denials, otherwise the namespace, if it has at least half of them and not all. */
function worstHit(denied: readonly NewlyDenied[]): readonly Part[] {
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

const HIT: readonly (readonly [(row: NewlyDenied) => string | null, (count: number) => string])[] = [
  [({ team }) => team, (count) => (count === 1 ? 'belongs to' : 'belong to')],
  [({ namespace }) => namespace, (count) => (count === 1 ? 'is in' : 'are in')],
];

const MAX_IMAGES = 2;

/** The images that alone cause at least half of the denials. */
function commonCause(denied: readonly NewlyDenied[]): readonly Part[] {
  const all = total(denied);
  const images = mostFrequent(denied);
  // Two denials need no summary.
  if (images.length === 0 || denied.length <= MAX_IMAGES) return [];
  const isAlone = (each: NewlyDenied): boolean =>
    each.images.length > 0 && each.images.every((one) => images.includes(one));
  const caused = denied.filter(isAlone).reduce((sum, { count }) => sum + count, 0);
  if (caused * 2 < all) return [];
  const [start, without] = images.length === 1 ? ['One image causes', 'it'] : ['Two images cause', 'them'];
  const some = caused === all ? `all ${amount(all, 'denial')}` : share(caused, all, 'denial');
  return [[`${start} ${some}: `], ...named(images), [restOf(all - caused, without)]];
}

function mostFrequent(denied: readonly NewlyDenied[]): readonly string[] {
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
