/**
 * On UPDATE, what the stored object already had is no reason to refuse: an operator must be able to scale, label or
 * remove a finalizer from what is there. A finding is the same when policy, rule, container and the whole sentence are, and
 * the image when it is about that, so a container that gets another image, or a second one with the same fault, is judged anew.
 * Of a rule whose sentences need not tell what it looked at (cel, plugins) the containers must be the same as they were.
 * A rule that fails on both has not looked at what changed: that is never forgiven, or a broken rule would let updates pass.
 */
import type { Finding } from './evaluate.ts';

/** `now` with everything that `before` had as well turned from deny into warn, at most as often as `before` had it. */
export function forgiveExisting(now: readonly Finding[], before: readonly Finding[]): readonly Finding[] {
  const had = new Map<string, number>();
  for (const finding of before) had.set(identity(finding), (had.get(identity(finding)) ?? 0) + 1);
  return now.map((finding) => {
    const left = finding.outcome === 'error' ? 0 : (had.get(identity(finding)) ?? 0);
    if (left === 0) return finding;
    had.set(identity(finding), left - 1);
    return { ...finding, existing: true, ...milder(finding) };
  });
}

/** What is excused stays excused, now instead of a warning. */
function milder({ action, excuse }: Finding): Pick<Finding, 'action' | 'excuse'> {
  if (excuse?.insteadOf === 'deny') return { action, excuse: { ...excuse, insteadOf: 'warn' } };
  return { action: action === 'deny' ? 'warn' : action, excuse };
}

function identity(finding: Finding): string {
  const { policy, rule, outcome, container, pointer, message, seen } = finding;
  // A sentence shows only the beginning of a long image.
  const aboutImage = pointer === container?.imagePointer || pointer === container?.pullPolicyPointer;
  const image = aboutImage ? container?.image.text : undefined;
  return JSON.stringify([policy, rule, outcome, container?.kind, container?.name, message, image, seen]);
}
