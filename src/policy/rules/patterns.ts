/** Image patterns as parameters. */
import { parsePatterns } from '../../image/pattern-list.ts';
import type { PatternSet } from '../../image/pattern.ts';
import type { Prepared } from '../rule.ts';

export const PATTERN_LIST = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', minLength: 1 },
} as const;

/** `undefined` for a list that is absent; faults carry the pointer of the bad pattern below `/${name}`. */
export function patternsOf(name: string, texts: readonly string[] | undefined): Prepared<PatternSet | undefined> {
  if (texts === undefined) return { ok: true, value: undefined };
  const parsed = parsePatterns(texts);
  if (parsed.ok) return { ok: true, value: parsed.patterns };
  return {
    ok: false,
    faults: parsed.faults.map(({ index, problem }) => ({ pointer: `/${name}/${index}`, problem })),
  };
}
