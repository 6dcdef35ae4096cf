/** Parses lists of image patterns: returns all faults, or the compiled set. */
import { type ImagePattern, parsePattern, patternSet, type PatternSet } from './pattern.ts';

export type ParsedPatterns =
  | { readonly ok: true; readonly patterns: PatternSet }
  | { readonly ok: false; readonly faults: readonly { readonly index: number; readonly problem: string }[] };

const parsedLists = new WeakMap<readonly string[], ParsedPatterns>();

/** Caches the result by array, so that policies that share a list compile it once. */
export function parsePatterns(texts: readonly string[]): ParsedPatterns {
  const known = parsedLists.get(texts);
  if (known !== undefined) return known;
  const parsed = parseAll(texts);
  parsedLists.set(texts, parsed);
  return parsed;
}

function parseAll(texts: readonly string[]): ParsedPatterns {
  const patterns: ImagePattern[] = [];
  const faults: { index: number; problem: string }[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parsePattern(text);
    if (parsed.ok) patterns.push(parsed.pattern);
    else faults.push({ index, problem: parsed.problem });
  }
  return faults.length === 0 ? { ok: true, patterns: patternSet(patterns) } : { ok: false, faults };
}
