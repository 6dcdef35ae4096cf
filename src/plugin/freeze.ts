/** Plugins get what the engine itself decides with: frozen, so that one that writes into it fails instead of everything after it. */
import type { Facts, Need } from '../policy/fact.ts';
import type { Subject } from '../policy/rule.ts';

/** Of plain objects and lists. What is frozen already is taken to be so all the way down. */
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

/** Of the facts only those that the rule has named, and copies: a map cannot be frozen. */
export function readOnly(subject: Subject<Need>, needs: readonly Need[]): Subject<Need> {
  const facts = Object.fromEntries(needs.map((need) => [need, copied(subject.facts[need])])) as Partial<Facts>;
  const { facts: _all, ...rest } = subject;
  deepFreeze(rest);
  return Object.freeze({ ...rest, facts: facts as Facts });
}

/** Maps, lists and plain objects are copied; a function (what is in a secret is read by one) is the same in the copy. */
function copied(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, child]) => [key, copied(child)]));
  if (Array.isArray(value)) return Object.freeze(value.map(copied));
  if (typeof value !== 'object' || value === null) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copied(child)])));
}
