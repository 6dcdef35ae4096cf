/**
 * Denied images that get another name before rules are evaluated. A rule that denies names on Docker Hub stops working when a policy
 * moves them to a mirror, so loading says it. Denying all that is rewritten is no mistake: it is about images that stay.
 */
import { includesPattern } from '../image/inclusion.ts';
import { type ImagePattern, parsePattern } from '../image/pattern.ts';
import { quoteValue } from '../image/quote.ts';
import { rewrittenPattern } from '../image/rewriting.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { DeadClause } from './dead-clauses.ts';
import type { Policy } from './policy.ts';

/** Of one policy document; `policies`: all that load together. */
export function renamedDenials(document: unknown, policies: readonly Policy[]): readonly DeadClause[] {
  const spec = isObject(document) ? document['spec'] : undefined;
  return listIn(isObject(spec) ? spec['rules'] : undefined).flatMap((rule, index) =>
    isObject(rule) && rule['rule'] === 'image-registry'
      ? ofRule(rule, `/spec/rules/${index}/parameters/deny`, policies)
      : [],
  );
}

function ofRule({ parameters }: JsonObject, at: string, policies: readonly Policy[]): readonly DeadClause[] {
  const texts = listIn(isObject(parameters) ? parameters['deny'] : undefined);
  const patterns = texts.map((text) => (typeof text === 'string' ? patternOf(text) : undefined));
  return patterns.flatMap((pattern, index) => {
    const problem = pattern && renamedProblem(pattern, patterns, policies);
    return problem === undefined ? [] : [{ pointer: `${at}/${index}`, problem }];
  });
}

function renamedProblem(
  pattern: ImagePattern,
  denied: readonly (ImagePattern | undefined)[],
  policies: readonly Policy[],
): string | undefined {
  for (const { name, rewrites = [] } of policies) {
    for (const { rewriting, mode } of rewrites) {
      const { from } = rewriting;
      if (mode === 'warn' || !includesPattern(from, pattern) || includesPattern(pattern, from)) continue;
      const renamed = rewrittenPattern(rewriting, pattern);
      const parsed = renamed === undefined ? undefined : patternOf(renamed);
      if (parsed === undefined || denied.some((one) => one !== undefined && includesPattern(one, parsed))) continue;
      return `${quoteValue(pattern.text, 80)} does not match images that policy ${quoteValue(name)} renames to ${quoteValue(parsed.text, 80)}; to deny them as well, add this pattern`;
    }
  }
  return undefined;
}

function patternOf(text: string): ImagePattern | undefined {
  const parsed = parsePattern(text);
  return parsed.ok ? parsed.pattern : undefined;
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
