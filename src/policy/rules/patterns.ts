/** Parameters that are lists of image patterns. */
import { parsePatterns } from '../../image/pattern-list.ts';
import type { PatternSet } from '../../image/pattern.ts';
import type { Prepared } from '../rule.ts';

export const PATTERN_LIST = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', minLength: 1 },
} as const;

/** Returns `undefined` for an absent list. The pointer of a fault is below `/${name}`. */
export function patternsOf(name: string, texts: readonly string[] | undefined): Prepared<PatternSet | undefined> {
  if (texts === undefined) return { ok: true, value: undefined };
  const parsed = parsePatterns(texts);
  if (parsed.ok) return { ok: true, value: parsed.patterns };
  return {
    ok: false,
    faults: parsed.faults.map(({ index, problem }) => ({ pointer: `/${name}/${index}`, problem })),
  };
}
