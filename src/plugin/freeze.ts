/** Freezes the values that plugins share with the engine, so that a plugin cannot change later decisions. */
import type { Facts, Need } from '../policy/fact.ts';
import type { Subject } from '../policy/rule.ts';

/** For plain objects and lists. A frozen value is assumed to be frozen deeply. */
export function deepFreeze(root: object): void {
  const waiting = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Object.isFrozen(value)) continue;
    Object.freeze(value);
    for (const child of Object.values(value)) {
      if (typeof child === 'object' && child !== null) waiting.push(child);
    }
  }
}

/** Contains only the facts in `needs`, as copies, because a Map cannot be frozen. */
export function readOnly(subject: Subject<Need>, needs: readonly Need[]): Subject<Need> {
  const facts = Object.fromEntries(needs.map((need) => [need, copied(subject.facts[need])])) as Partial<Facts>;
  const { facts: _all, ...rest } = subject;
  deepFreeze(rest);
  return Object.freeze({ ...rest, facts: facts as Facts });
}

/** Copies maps, lists, and plain objects. Functions, such as those that read a Secret, are shared. */
function copied(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, child]) => [key, copied(child)]));
  if (Array.isArray(value)) return Object.freeze(value.map(copied));
  if (typeof value !== 'object' || value === null) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copied(child)])));
}
