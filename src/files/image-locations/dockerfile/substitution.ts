/** `${name-word}`, `${name:+word}`, `${name%pattern}` … */
import { EMPTY, type Word } from '../traced-text.ts';
import { withoutPrefix, withoutSuffix } from './patterns.ts';

export interface Substitution {
  readonly operator: string;
  readonly word: Word;
  /** With a colon in front of the operator. */
  readonly emptyIsUnset: boolean;
}

export type Substituted = Word | 'required' | 'unknown';

/** `value`: undefined where it is not set. */
export function substitute(value: Word | undefined, { operator, word, emptyIsUnset }: Substitution): Substituted {
  if (operator === '#' || operator === '%') return cut(value ?? EMPTY, operator, word.text) ?? 'unknown';
  const usable = emptyIsUnset && value?.text === '' ? undefined : value;
  return OPERATIONS[operator]?.(usable, word) ?? 'unknown';
}

const OPERATIONS: Readonly<Record<string, (usable: Word | undefined, word: Word) => Substituted>> = {
  '-': (usable, word) => usable ?? word,
  '?': (usable) => usable ?? 'required',
  '+': (usable, word) => (usable === undefined ? EMPTY : word),
};

/** The operator twice: the longest part that the pattern takes. */
function cut(value: Word, operator: '#' | '%', pattern: string): Word | undefined {
  const longest = pattern.startsWith(operator);
  const without = operator === '%' ? withoutSuffix : withoutPrefix;
  return without(value, longest ? pattern.slice(1) : pattern, longest);
}
