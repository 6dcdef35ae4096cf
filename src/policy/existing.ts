/**
 * On UPDATE, what the stored object already had is no reason to refuse: an operator must be able to scale, label or
 * remove a finalizer from what is there. A finding is the same when policy, rule, container and the whole sentence are, and
 * the image when it is about that, so a container that gets another image, or a second one with the same fault, is judged anew.
 * Where a sentence need not tell all that the rule looked at, that must be the same, too (seen.ts). An amount beyond a bound
 * may come nearer to it. A rule that fails on both objects has not looked at what changed: that is never forgiven, or a broken
 * rule would let updates pass.
 */
import type { Finding } from './finding.ts';
import type { ComparedValue } from './compared-values.ts';

/** `now` with everything that `before` had as well turned from deny into warn, at most as often as `before` had it. */
export function markExisting(now: readonly Finding[], before: readonly Finding[]): readonly Finding[] {
  if (before.length === 0) return now;
  const numberOf = numbering();
  const had = Map.groupBy(before, (finding) => identity(finding, numberOf));
  return now.map((finding) => {
    const same = finding.outcome === 'error' ? undefined : had.get(identity(finding, numberOf));
    const index = same?.findIndex(({ beyond }) => isNoFurther(finding, beyond)) ?? -1;
    if (same === undefined || index < 0) return finding;
    same.splice(index, 1);
    return { ...finding, existing: true, ...milder(finding) };
  });
}

function isNoFurther({ beyond }: Finding, before: Finding['beyond']): boolean {
  return beyond === undefined || before === undefined || beyond.by <= before.by;
}

/** What is excused stays excused, now instead of a warning. */
function milder({ action, excuse }: Finding): Pick<Finding, 'action' | 'excuse'> {
  if (excuse?.insteadOf === 'deny') return { action, excuse: { ...excuse, insteadOf: 'warn' } };
  return { action: action === 'deny' ? 'warn' : action, excuse };
}

type NumberOf = (part: ComparedValue) => number;

/** The same number for the same text, which can be as long as the object: each is compared once, and none is copied. */
function numbering(): NumberOf {
  const byPart = new Map<ComparedValue, number>();
  const byText = new Map<string, number>();
  return (part) => {
    const known = byPart.get(part);
    if (known !== undefined) return known;
    const number = byText.get(part.text) ?? byText.size;
    byText.set(part.text, number);
    byPart.set(part, number);
    return number;
  };
}

function identity(finding: Finding, numberOf: NumberOf): string {
  const { policy, rule, outcome, container, pointer, message, seen, beyond } = finding;
  // A sentence shows only the beginning of a long image.
  const aboutImage = pointer === container?.imagePointer || pointer === container?.pullPolicyPointer;
  const image = aboutImage ? container?.image.text : undefined;
  const what = beyond === undefined ? { message, seen: seen?.map(numberOf) } : { bound: beyond.bound };
  return JSON.stringify([policy, rule, outcome, container?.kind, container?.name, what, image]);
}
