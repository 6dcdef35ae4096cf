/** `${name-word}`, `${name:+word}`, `${name%pattern}` … */
import { EMPTY, type TracedText } from '../traced-text.ts';
import { withoutPrefix, withoutSuffix } from './patterns.ts';

export interface Substitution {
  readonly operator: string;
  readonly word: TracedText;
  /** With a colon in front of the operator. */
  readonly emptyIsUnset: boolean;
}

export type SubstitutionResult = TracedText | 'required' | 'unknown';

/** `value`: undefined where it is not set. */
export function substitute(
  value: TracedText | undefined,
  { operator, word, emptyIsUnset }: Substitution,
): SubstitutionResult {
  if (operator === '#' || operator === '%') return cut(value ?? EMPTY, operator, word.text) ?? 'unknown';
  const usable = emptyIsUnset && value?.text === '' ? undefined : value;
  return OPERATIONS[operator]?.(usable, word) ?? 'unknown';
}

const OPERATIONS: Readonly<Record<string, (usable: TracedText | undefined, word: TracedText) => SubstitutionResult>> = {
  '-': (usable, word) => usable ?? word,
  '?': (usable) => usable ?? 'required',
  '+': (usable, word) => (usable === undefined ? EMPTY : word),
};

/** The operator twice: the longest part that the pattern takes. */
function cut(value: TracedText, operator: '#' | '%', pattern: string): TracedText | undefined {
  const longest = pattern.startsWith(operator);
  const without = operator === '%' ? withoutSuffix : withoutPrefix;
  return without(value, longest ? pattern.slice(1) : pattern, longest);
}
