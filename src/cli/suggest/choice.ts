/** Which rungs of a ladder the suggested policies have. */
import type { TreeObject } from '../../install/yaml.ts';
import { isClean, isKnown, namespacesToExclude, type Tried } from './findings.ts';
import type { Ladder, ListItem, ListQuestion, Removal } from './questions.ts';
import type { Survey } from './survey.ts';

export interface TriedLadder extends Omit<Ladder, 'rungs'> {
  readonly rungs: readonly Tried[];
}

export interface TriedList extends Omit<ListQuestion, 'items'> {
  readonly items: readonly (ListItem & Tried)[];
}

export interface TriedQuestions {
  readonly ladders: readonly TriedLadder[];
  readonly lists: readonly TriedList[];
  readonly removals: readonly (Removal & Tried)[];
}

/** What the policies have of a ladder. */
export interface Chosen {
  readonly ladder: TriedLadder;
  /** In the main policy: the strictest rung without a violation, or the loosest as a warning. */
  readonly main: { readonly index: number; readonly action: 'deny' | 'warn' } | undefined;
  /** A stricter rung that has violations in some namespaces only. */
  readonly partial: { readonly index: number; readonly excluded: readonly string[] } | undefined;
}

export function chooseFrom(ladder: TriedLadder, { namespaces }: Survey): Chosen {
  const { rungs, otherwise } = ladder;
  const clean = rungs.findIndex(isClean);
  const stricter = clean < 0 ? rungs : rungs.slice(0, clean);
  const index = stricter.findIndex((rung) => namespacesToExclude(rung, namespaces) !== undefined);
  const excluded = stricter[index] && namespacesToExclude(stricter[index], namespaces);
  const last = rungs.length - 1;
  const isWarned = clean < 0 && otherwise === 'warn' && rungs[last] !== undefined && isKnown(rungs[last]);
  const partial = excluded && { index, excluded };
  if (clean >= 0) return { ladder, main: { index: clean, action: 'deny' }, partial };
  return { ladder, main: isWarned && partial === undefined ? { index: last, action: 'warn' } : undefined, partial };
}

/** Without parameters, the rule checks what each item would check. */
export function checksAll({ rule }: ListQuestion | TriedList, chosen: readonly Chosen[]): boolean {
  return chosen.some(
    ({ ladder: { rungs }, main }) =>
      main?.action === 'deny' &&
      rungs[main.index]?.question.rule === rule &&
      rungs[main.index]?.question.parameters?.['images'] === undefined &&
      rule !== 'image-tag',
  );
}

/** Lists are joined. */
export function merged(one: TreeObject | undefined, other: TreeObject): TreeObject {
  const keys = Object.entries(other).map(([key, value]) => {
    const before = one?.[key];
    return [key, Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value] as const;
  });
  return { ...one, ...Object.fromEntries(keys) };
}
