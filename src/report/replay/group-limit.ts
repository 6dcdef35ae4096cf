/** Keeps the first groups of a change, and counts the others, because objects can have any number of names. */
import { numberText } from '../number-text.ts';
import { countDistinct, MAX_DISTINCT } from './distinct.ts';

/** Of each change, for each grouping. */
export const MAX_GROUPS = 5000;

/** Groups that are not listed, and their reviews of one change. */
export interface OtherGroups {
  /** At most 250,000. */
  readonly groups: number;
  readonly reviews: number;
}

export interface LimitedGroups<G> {
  /** The group of `count` reviews; undefined: it is one of the others. */
  group(name: string, count: number): G | undefined;
  readonly kept: ReadonlyMap<string, G>;
  /** undefined: all are kept. */
  others(): OtherGroups | undefined;
}

export function limitGroups<G>(create: (name: string) => G): LimitedGroups<G> {
  const kept = new Map<string, G>();
  const names = countDistinct();
  let reviews = 0;
  return {
    kept,
    group(name, count) {
      const known = kept.get(name);
      if (known !== undefined) return known;
      if (kept.size < MAX_GROUPS) {
        const group = create(name);
        kept.set(name, group);
        return group;
      }
      names.add(name);
      reviews += count;
      return undefined;
    },
    others: () => (reviews === 0 ? undefined : { groups: names.count(), reviews }),
  };
}

/** The number of groups, of which not more than `MAX_DISTINCT` others are counted. */
export function groupCount(listed: number, others: OtherGroups | undefined): string {
  const counted = numberText(listed + (others?.groups ?? 0));
  return (others?.groups ?? 0) < MAX_DISTINCT ? counted : `${counted} or more`;
}
