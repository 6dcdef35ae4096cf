/** Image patterns as parameters. */
import { type ImagePattern, parsePattern, patternSet, type PatternSet } from '../../image/pattern.ts';
import type { ParameterFault, Prepared } from '../rule.ts';

export const PATTERN_LIST = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', minLength: 1 },
} as const;

/** `undefined` for a list that is absent; faults carry the pointer of the bad pattern below `/${name}`. */
export function patternsOf(name: string, texts: readonly string[] | undefined): Prepared<PatternSet | undefined> {
  if (texts === undefined) return { ok: true, value: undefined };
  const patterns: ImagePattern[] = [];
  const faults: ParameterFault[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parsePattern(text);
    if (parsed.ok) patterns.push(parsed.pattern);
    else faults.push({ pointer: `/${name}/${index}`, problem: parsed.problem });
  }
  return faults.length === 0 ? { ok: true, value: patternSet(patterns) } : { ok: false, faults };
}
