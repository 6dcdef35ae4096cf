/**
 * On UPDATE, existing violations do not deny the request: operators must still be able to scale the object, label it, or remove
 * a finalizer.
 *
 * Two findings are the same if policy, rule, container, and message are equal. Findings about an image also compare the image,
 * so a container with a new image has new findings. If the message may not contain all values that the rule read, the values
 * must also be equal (compared-values.ts). An amount beyond a bound can move closer to the bound.
 *
 * A rule that fails on both objects has not checked the change, so its error is never an existing finding.
 */
import type { Finding } from './finding.ts';
import type { ComparedValue } from './compared-values.ts';

/** Marks the findings in `now` that are also in `before`, each as often as in `before`, and turns their denials into warnings. */
export function markExisting(now: readonly Finding[], before: readonly Finding[]): readonly Finding[] {
  if (before.length === 0) return now;
  const numberOf = numbering();
  const had = Map.groupBy(before, (finding) => identity(finding, numberOf));
  return now.map((finding) => {
    const same = finding.outcome === 'error' ? undefined : had.get(identity(finding, numberOf));
    const index = same?.findIndex(({ beyond }) => isNoFurther(finding, beyond)) ?? -1;
    if (same === undefined || index < 0) return finding;
    same.splice(index, 1);
    return { ...finding, existing: true, ...withLenientAction(finding) };
  });
}

function isNoFurther({ beyond }: Finding, before: Finding['beyond']): boolean {
  return beyond === undefined || before === undefined || beyond.by <= before.by;
}

/** An excused finding stays excused; without its exception, it would now be a warning. */
function withLenientAction({ action, excuse }: Finding): Pick<Finding, 'action' | 'excuse'> {
  if (excuse?.insteadOf === 'deny') return { action, excuse: { ...excuse, insteadOf: 'warn' } };
  return { action: action === 'deny' ? 'warn' : action, excuse };
}

type NumberOf = (part: ComparedValue) => number;

/** Numbers equal texts equally. Texts can be as long as the object, so each is compared once and never copied. */
function numbering(): NumberOf {
  const byPart = new Map<ComparedValue, number>();
  const byText = new Map<string, number>();
  let count = 0;
  return (part) => {
    const known = byPart.get(part);
    if (known !== undefined) return known;
    const { text } = part;
    count += 1;
    // What cannot be compared equals nothing, not even itself.
    if (text === undefined) return count;
    const number = byText.get(text) ?? count;
    byText.set(text, number);
    byPart.set(part, number);
    return number;
  };
}

function statementOf({ message, seen }: Finding, numberOf: NumberOf): object {
  return { message, seen: seen?.()?.map(numberOf) };
}

function identity(finding: Finding, numberOf: NumberOf): string {
  const { policy, rule, outcome, container, pointer, beyond } = finding;
  // A message shows only the beginning of a long image.
  const aboutImage = pointer === container?.imagePointer || pointer === container?.pullPolicyPointer;
  const image = aboutImage ? container?.image.text : undefined;
  const what = beyond === undefined ? statementOf(finding, numberOf) : { bound: beyond.bound };
  return JSON.stringify([policy, rule, outcome, container?.kind, container?.name, what, image]);
}
