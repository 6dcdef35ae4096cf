/**
 * Finds the parts of a policy that always have unknown results in a server that does not know labels of namespaces. Every
 * object would get a warning, as if the policy worked.
 */
import type { Policy } from './policy.ts';
import { NAME_LABEL } from './selector.ts';
import type { DeadClause } from './dead-clauses.ts';

/** Rules with `onUnknown: deny` are not reported, because they still deny. */
export function findUndecidable({ scope, bindings, pin }: Policy): readonly DeadClause[] {
  const lenient = bindings.flatMap(({ onUnknown, rule, check }, index) =>
    onUnknown === 'deny' ? [] : [{ index, rule, asks: check.needs.includes('namespaceLabels') }],
  );
  const names = [...new Set(lenient.map(({ rule }) => rule))].join(', ');
  const remedies = lenient.length === 0 ? [] : [`set onUnknown: deny for ${names}`];
  const selectors = lenient.length === 0 && pin === undefined ? [] : scope.clausesWithLabels;
  const selecting = [
    'use --cluster on',
    `select by "namespaces" or by the label ${NAME_LABEL}`,
    ...(pin === undefined ? remedies : []),
  ];
  return [
    ...selectors.map((clause) => ({
      pointer: `/spec/${clause}/namespaceSelector`,
      problem: `without a cluster, serve does not know the labels of namespaces, so it cannot determine where the policy applies; ${selecting.join(', or ')}`,
    })),
    ...lenient.flatMap(({ index, rule, asks }) => (asks ? [ruleProblem(index, rule)] : [])),
  ];
}

function ruleProblem(index: number, rule: string): DeadClause {
  return {
    pointer: `/spec/rules/${index}/rule`,
    problem: `without a cluster, serve does not know the labels of namespaces, which rule ${rule} requires; use --cluster on, use only the namespace name, or set onUnknown: deny`,
  };
}
