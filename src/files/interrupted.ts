/** Errors about what Ctrl-C has left out. */
import { type InputError, unreadable } from './manifest-objects.ts';

/** `what` and `done`: `chart` and `rendered`. */
export function interruptedAt(left: readonly string[], what: string, done: string): readonly InputError[] {
  const [first] = left;
  if (first === undefined) return [];
  const message =
    left.length === 1
      ? `interrupted: this ${what} is not ${done}`
      : `interrupted: ${left.length} ${what}s are not ${done}; this is the first of them`;
  return [unreadable(first, message)];
}
