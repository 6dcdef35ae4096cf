/**
 * The scope of a policy. All given keys of `match` must match; `exclude` has the same keys and removes what all of them match.
 * An empty or absent list has no effect, so an empty `exclude` excludes nothing.
 */
import { compileGlobs } from '../image/glob.ts';
import { trusted } from '../image/trusted.ts';
import type { Container } from '../pod/containers.ts';
import { type Extent, placeTests, podsOfControllers, requestTests } from './scope-tests.ts';
import { type Tristate, selectsByName, and } from './selector.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { Clause } from './clause.ts';

export interface Scope {
  /** Neither `match` nor `exclude` has a key: the policy covers all objects. */
  readonly isWhole: boolean;
  /** The clauses that depend on labels of the namespace other than its name. */
  readonly clausesWithLabels: readonly ('match' | 'exclude')[];
  /** `match.kinds`: globs. */
  readonly kinds: readonly string[];
  /** Reports whether the policy applies to the Pods that controllers create. False if it may exclude some of them. */
  readonly coversPods: boolean;
  /** The coverage of all requests in a namespace; `undefined` is for cluster-scoped objects. `depends`: each request decides. */
  inNamespace(namespace: string | undefined): Coverage | 'none' | 'depends';
  covers(request: ScopeRequest): Coverage | undefined;
}

/** The part of a request that a policy covers. */
export interface Coverage {
  /** `undefined`: all containers. */
  readonly containers: readonly Container[] | undefined;
  /**
   * Reports whether the policy covers a container whose image was possibly renamed since the request. `match` can select the current
   * name or an earlier one; `exclude` only sees the current name.
   */
  includes(container: Container, before: () => readonly Container[]): boolean;
  /** Why it is unknown whether the policy applies to the container or, for `undefined`, to the object. */
  unknownReason(container: Container | undefined): string | undefined;
}

export function compileScope(match: Clause, exclude: Clause): Scope {
  const wanted = compileClause(match);
  const unwanted = isEmpty(exclude) ? undefined : compileClause(exclude);
  return {
    isWhole: isEmpty(match) && unwanted === undefined,
    clausesWithLabels: [
      ...(readsLabels(match) ? ['match' as const] : []),
      ...(readsLabels(exclude) ? ['exclude' as const] : []),
    ],
    kinds: match.kinds ?? [],
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
          [unwanted, excludedBy(unwanted)],
        ]);
      return unwanted.narrows ? coverage(request, without(wanted, unwanted), [[wanted, always]]) : undefined;
    },
  };
}

function readsLabels({ namespaceSelector }: Clause): boolean {
  return namespaceSelector !== undefined && !selectsByName(namespaceSelector);
}

type ContainerTest = (container: Container | undefined) => boolean;
const always: ContainerTest = () => true;

/** A clause with keys for containers excludes only containers, never findings about the whole object. */
function excludedBy(unwanted: CompiledClause): ContainerTest {
  return (container) => (container === undefined ? !unwanted.narrows : unwanted.container(container, false));
}

/** All containers, with certainty: the common case. */
const WHOLE: Coverage = { containers: undefined, includes: always, unknownReason: () => undefined };

/** Returns undefined if no container is excluded. */
function narrowed(all: readonly Container[], clause: CompiledClause): readonly Container[] | undefined {
  return clause.narrows ? all.filter((container) => clause.container(container, true)) : undefined;
}

function coverage(
  request: ScopeRequest,
  clause: CompiledClause,
  clauses: readonly (readonly [CompiledClause, ContainerTest])[],
): Coverage {
  return {
    containers: narrowed(request.workload.containers, clause),
    includes: clause.includes,
    unknownReason(container) {
      const reasons = clauses.flatMap(([compiled, isAffected]) =>
        isAffected(container) ? compiled.unknownReasons(request) : [],
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
    includes: (container, before) => wanted.includes(container, before) && !unwanted.container(container, false),
  };
}

interface CompiledClause {
  /** Reports whether `namespaces` is absent or matches. */
  admits(namespace: string | undefined): boolean;
  /** True if `namespaces` is the only key. */
  readonly onlyNamespaces: boolean;
  /** True if it has keys for more than the namespace and the containers. */
  readonly readsRequest: boolean;
  /** The Pods created by controllers that match the keys for requests. */
  readonly pods: Extent;
  request(request: ScopeRequest): Tristate;
  /** Why `request` returns unknown; otherwise empty. */
  unknownReasons(request: ScopeRequest): readonly string[];
  /** True if it has keys for containers. */
  readonly narrows: boolean;
  /** `isIn`: match the container to include it, otherwise to exclude it. Invalid images and lookalike hosts are never excluded. */
  container(container: Container, isIn: boolean): boolean;
  readonly includes: Coverage['includes'];
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
  const matches: CompiledClause['container'] = (container, isIn) => {
    if (kinds !== undefined && !kinds.has(container.kind)) return false;
    if (images === undefined) return true;
    const { image } = container;
    if (image.state !== 'parsed') return isIn;
    return (isIn ? images.match(image.reference) : trusted(images, image.reference)) !== undefined;
  };
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
    container: matches,
    includes: (container, before) =>
      matches(container, true) || (images !== undefined && before().some((one) => matches(one, true))),
  };
}
