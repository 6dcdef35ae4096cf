/**
 * Patterns of rules, and of the scopes of policies with rules, whose images get another name before rules are evaluated. A rule that
 * denies names on Docker Hub stops working when a policy moves them to a mirror, so loading says it. A pattern of all that is
 * rewritten is no mistake: it is about images that stay.
 */
import { includesPattern } from '../image/inclusion.ts';
import { type ImagePattern, parsePattern } from '../image/pattern.ts';
import { quoteValue } from '../image/quote.ts';
import { rewrittenPattern } from '../image/rewriting.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { DeadClause } from './dead-clauses.ts';
import type { Policy } from './policy.ts';

/** Of one policy document; `policies`: all that load together. */
export function renamedPatterns(document: unknown, policies: readonly Policy[]): readonly DeadClause[] {
  const spec = objectIn(document, 'spec');
  const rules = listIn(spec, 'rules');
  const denied = rules.flatMap((rule, index) =>
    objectIn(rule)['rule'] === 'image-registry'
      ? ofList(listIn(objectIn(rule, 'parameters'), 'deny'), `/spec/rules/${index}/parameters/deny`, policies)
      : [],
  );
  const matched = rules.length === 0 ? [] : listIn(objectIn(spec, 'match'), 'images');
  return [...ofList(matched, '/spec/match/images', policies), ...denied];
}

function ofList(texts: readonly unknown[], at: string, policies: readonly Policy[]): readonly DeadClause[] {
  const patterns = texts.map((text) => (typeof text === 'string' ? patternOf(text) : undefined));
  return patterns.flatMap((pattern, index) => {
    const problem = pattern && renamedProblem(pattern, patterns, policies);
    return problem === undefined ? [] : [{ pointer: `${at}/${index}`, problem }];
  });
}

function renamedProblem(
  pattern: ImagePattern,
  beside: readonly (ImagePattern | undefined)[],
  policies: readonly Policy[],
): string | undefined {
  for (const { name, rewrites = [] } of policies) {
    for (const { rewriting, mode } of rewrites) {
      const { from } = rewriting;
      if (mode === 'warn' || !includesPattern(from, pattern) || includesPattern(pattern, from)) continue;
      const renamed = rewrittenPattern(rewriting, pattern);
      const parsed = renamed === undefined ? undefined : patternOf(renamed);
      if (parsed === undefined || beside.some((one) => one !== undefined && includesPattern(one, parsed))) continue;
      return `${quoteValue(pattern.text, 80)} does not match images that policy ${quoteValue(name)} renames to ${quoteValue(parsed.text, 80)}; to cover them as well, add this pattern`;
    }
  }
  return undefined;
}

function patternOf(text: string): ImagePattern | undefined {
  const parsed = parsePattern(text);
  return parsed.ok ? parsed.pattern : undefined;
}

function objectIn(value: unknown, key?: string): JsonObject {
  const inner = key !== undefined && isObject(value) ? value[key] : value;
  return isObject(inner) ? inner : {};
}

function listIn(object: JsonObject, key: string): readonly unknown[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}
