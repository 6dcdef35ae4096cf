/**
 * What a server can never tell that does not know the labels of namespaces: whether a policy applies, or what its rules say.
 * Every object would be a warning, and that looks like a policy that works.
 */
import type { Policy } from './policy.ts';
import { NAME_LABEL } from './selector.ts';
import type { DeadClause } from './dead-clauses.ts';

/** Nothing where the policy says that what cannot be told is denied. */
export function findUndecidable({ scope, bindings, pin }: Policy): readonly DeadClause[] {
  const lenient = bindings.flatMap(({ onUnknown, rule, check }, index) =>
    onUnknown === 'deny' ? [] : [{ index, rule, asks: check.needs.includes('namespaceLabels') }],
  );
  const names = [...new Set(lenient.map(({ rule }) => rule))].join(', ');
  const remedies = lenient.length === 0 ? [] : [`set onUnknown: deny for ${names}`];
  const selectors = lenient.length === 0 && pin === undefined ? [] : scope.clausesWithLabels;
  const selecting = [`select by "namespaces" or by the label ${NAME_LABEL}`, ...(pin === undefined ? remedies : [])];
  return [
    ...selectors.map((clause) => ({
      pointer: `/spec/${clause}/namespaceSelector`,
      problem: `serve does not know the labels of namespaces, so it cannot determine where the policy applies; ${selecting.join(', or ')}`,
    })),
    ...lenient.flatMap(({ index, rule, asks }) => (asks ? [ruleProblem(index, rule)] : [])),
  ];
}

function ruleProblem(index: number, rule: string): DeadClause {
  return {
    pointer: `/spec/rules/${index}/rule`,
    problem: `serve does not know the labels of namespaces, which rule ${rule} requires; use only the namespace name, or set onUnknown: deny`,
  };
}
