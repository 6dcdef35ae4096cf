/** Lists what is expected in messages. */
import { quoteValue } from './quote.ts';

/** Returns `a`, `a or b`, or `a, b, or c`. */
export function orList(items: readonly string[]): string {
  if (items.length < 3) return items.join(' or ');
  return `${items.slice(0, -1).join(', ')}, or ${items.at(-1) ?? ''}`;
}

/** Values, as users can type them. */
export function orValues(values: readonly string[]): string {
  return orList(values.map((value) => quoteValue(value)));
}

/** More names hide the rest of a message. */
const MAX_LISTED = 8;

/** Like `orList`, but of many names it has the first ones and the number of the others. */
export function someOf(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return more < 2 ? orList(names) : `${names.slice(0, MAX_LISTED).join(', ')}, and ${more} more`;
}
