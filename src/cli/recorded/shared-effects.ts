/** Most reviews of a recording count for the same things, and each is remembered until the end of its file. */
import type { AddOccurrences } from './occurrences.ts';

const MAX_SHARED = 20_000;

/** Returns the same function for equal values. `create` gets them back, so that it holds nothing else. */
export function sharedEffects<T>(
  create: (value: T) => NonNullable<AddOccurrences>,
): (value: T) => NonNullable<AddOccurrences> {
  const known = new Map<string, NonNullable<AddOccurrences>>();
  return (value) => {
    const key = JSON.stringify(value);
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= MAX_SHARED) known.clear();
    const created = create(value);
    known.set(key, created);
    return created;
  };
}
