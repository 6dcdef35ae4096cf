/**
 * Where a policy applies. Every key that is given must match; `exclude` takes the same keys and takes out what all of them
 * match. An empty or absent list says nothing, so an empty `exclude` excludes nothing.
 */
import { compileGlobs } from '../image/glob.ts';
import { trusted } from '../image/trusted.ts';
import type { Container } from '../pod/containers.ts';
import { type Extent, placeTests, podsOfControllers, requestTests } from './scope-tests.ts';
import { type Tristate, selectsByName, and } from './selector.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { Clause } from './clause.ts';

export interface Scope {
  /** The clauses whose answer depends on labels of the namespace, beside the one of its name. */
  readonly clausesWithLabels: readonly ('match' | 'exclude')[];
  /** Whether it applies to the Pods that controllers create. Never said of one that leaves them out in some namespaces only. */
  readonly coversPods: boolean;
  /** What can be said of every request in a namespace (`undefined`: of a cluster-scoped object) before it is looked at. */
  inNamespace(namespace: string | undefined): Coverage | 'none' | 'depends';
  covers(request: ScopeRequest): Coverage | undefined;
}

/** What a policy is asked about in a request; `undefined` instead of it when the policy does not apply. */
export interface Coverage {
  /** `undefined`: all of them. */
  readonly containers: readonly Container[] | undefined;
  /** Why nobody can tell whether the policy applies to this container (or to the object), if so. */
  unknownReason(container: Container | undefined): string | undefined;
}

export function compileScope(match: Clause, exclude: Clause): Scope {
  const wanted = compileClause(match);
  const unwanted = isEmpty(exclude) ? undefined : compileClause(exclude);
  return {
    clausesWithLabels: [
      ...(readsLabels(match) ? ['match' as const] : []),
      ...(readsLabels(exclude) ? ['exclude' as const] : []),
    ],
    coversPods: wanted.pods === 'all' && !(unwanted?.readsRequest === true && unwanted.pods !== 'none'),
    inNamespace(namespace) {
      if (!wanted.admits(namespace)) return 'none';
      const untouched = unwanted === undefined || !unwanted.admits(namespace);
      if (!untouched && unwanted.onlyNamespaces) return 'none';
      return untouched && wanted.onlyNamespaces ? WHOLE : 'depends';
    },
    covers(request) {
      const inside = wanted.request(request);
      if (inside === 'no') return undefined;
      const outside = unwanted?.request(request) ?? 'no';
      if (unwanted === undefined || outside === 'no') {
        const plain = inside === 'yes' && !wanted.narrows;
        return plain ? WHOLE : coverage(request, wanted, [[wanted, always]]);
      }
      if (outside === 'unknown')
        return coverage(request, wanted, [
          [wanted, always],
          [unwanted, takenOutBy(unwanted)],
        ]);
      return unwanted.narrows ? coverage(request, without(wanted, unwanted), [[wanted, always]]) : undefined;
    },
  };
}

function readsLabels({ namespaceSelector }: Clause): boolean {
  return namespaceSelector !== undefined && !selectsByName(namespaceSelector);
}

type Concerns = (container: Container | undefined) => boolean;
const always: Concerns = () => true;

/** A clause that looks at single containers takes out only those, never what is said of the whole object. */
function takenOutBy(unwanted: CompiledClause): Concerns {
  return (container) => (container === undefined ? !unwanted.narrows : unwanted.container(container, false));
}

/** All containers, beyond doubt: the common case, without anything to remember. */
const WHOLE: Coverage = { containers: undefined, unknownReason: () => undefined };

/** `undefined` when nothing is taken out. */
function narrowed(all: readonly Container[], clause: CompiledClause): readonly Container[] | undefined {
  return clause.narrows ? all.filter((container) => clause.container(container, true)) : undefined;
}

function coverage(
  request: ScopeRequest,
  clause: CompiledClause,
  clauses: readonly (readonly [CompiledClause, Concerns])[],
): Coverage {
  return {
    containers: narrowed(request.workload.containers, clause),
    unknownReason(container) {
      const reasons = clauses.flatMap(([compiled, concerns]) =>
        concerns(container) ? compiled.unknownReasons(request) : [],
      );
      return reasons.length === 0 ? undefined : [...new Set(reasons)].join(' and ');
    },
  };
}

function without(wanted: CompiledClause, unwanted: CompiledClause): CompiledClause {
  return {
    ...wanted,
    narrows: true,
    container: (container, isIn) => wanted.container(container, isIn) && !unwanted.container(container, false),
  };
}

interface CompiledClause {
  /** Whether its `namespaces`, if it has them, name this one. */
  admits(namespace: string | undefined): boolean;
  /** Nothing else is in it. */
  readonly onlyNamespaces: boolean;
  /** Whether it looks at more of a request than its namespace and its containers. */
  readonly readsRequest: boolean;
  /** Which Pods that controllers create meet all that it asks of a request. */
  readonly pods: Extent;
  request(request: ScopeRequest): Tristate;
  /** Why `request` is unknown; empty when it is not. */
  unknownReasons(request: ScopeRequest): readonly string[];
  /** Whether it looks at single containers at all. */
  readonly narrows: boolean;
  /** `isIn`: what is asked is what belongs to the policy, else what is taken out: never what cannot be read, or only looks like it. */
  container(container: Container, isIn: boolean): boolean;
}

function isEmpty(clause: Clause): boolean {
  return Object.values(clause).every((value) => value === undefined || (Array.isArray(value) && value.length === 0));
}

function compileClause(clause: Clause): CompiledClause {
  const namespaces = clause.namespaces?.length ? compileGlobs(clause.namespaces) : undefined;
  const about = requestTests(clause);
  const tests = [...placeTests(clause), ...about];
  const kinds = clause.containers?.length ? new Set(clause.containers) : undefined;
  const { images } = clause;
  return {
    admits: (namespace) => namespaces === undefined || (namespace !== undefined && namespaces(namespace)),
    onlyNamespaces: isEmpty({ ...clause, namespaces: undefined }),
    readsRequest: about.length > 0,
    pods: podsOfControllers(clause),
    request(request) {
      let result: Tristate = 'yes';
      for (const { evaluate } of tests) {
        result = and(result, evaluate(request));
        if (result === 'no') return result;
      }
      return result;
    },
    unknownReasons: (request) =>
      tests.flatMap(({ evaluate, unknownReason }) => (evaluate(request) === 'unknown' ? [unknownReason(request)] : [])),
    narrows: kinds !== undefined || images !== undefined,
    container(container, isIn) {
      if (kinds !== undefined && !kinds.has(container.kind)) return false;
      if (images === undefined) return true;
      const { image } = container;
      if (image.state !== 'parsed') return isIn;
      return (isIn ? images.match(image.reference) : trusted(images, image.reference)) !== undefined;
    },
  };
}
