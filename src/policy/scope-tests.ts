/** The keys of `match` and `exclude` that look at a request as a whole, each with three answers. */
import { compileGlobs } from '../image/glob.ts';
import type { Clause, ScopeRequest } from './scope.ts';
import { type Answer, type LabelSelector, NAME_LABEL, selects } from './selector.ts';

/** One key of a clause. */
interface Test<Request> {
  readonly ask: (request: Request) => Answer;
  /** Why it cannot tell, when it cannot. */
  readonly doubt: (request: Request) => string;
}

type Place = Pick<ScopeRequest, 'namespace' | 'namespaceLabels'>;

/** What is asked, and by whom. */
interface Asked extends Pick<ScopeRequest, 'operation' | 'user'> {
  readonly workload: { readonly type: Pick<ScopeRequest['workload']['type'], 'group' | 'kind'> };
}

/** How the Pods of a workload come: the controllers of Kubernetes are ServiceAccounts. */
export const POD_OF_A_CONTROLLER: Asked = {
  operation: 'CREATE',
  workload: { type: { group: '', kind: 'Pod' } },
  user: {
    name: 'system:serviceaccount:kube-system:replicaset-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  },
};

/** The keys about the place where an object is. */
export function placeTests({ namespaces, namespaceSelector }: Clause): readonly Test<Place>[] {
  return [
    ...given(namespaces, namespaceTest),
    ...(namespaceSelector === undefined ? [] : [selectorTest(namespaceSelector)]),
  ];
}

/** The keys about what is asked, and by whom. */
export function requestTests({ kinds, operations, users, groups }: Clause): readonly Test<Asked>[] {
  return [
    ...given(kinds, kindTest),
    ...given(operations, operationTest),
    ...given(users, userTest),
    ...given(groups, groupTest),
  ];
}

/** What every door knows. */
function certain<Request>(ask: (request: Request) => boolean): Test<Request> {
  return { ask: (request) => (ask(request) ? 'yes' : 'no'), doubt: () => '' };
}

function given<T, Request>(
  list: readonly T[] | undefined,
  test: (list: readonly T[]) => Test<Request>,
): readonly Test<Request>[] {
  return list === undefined || list.length === 0 ? [] : [test(list)];
}

function namespaceTest(globs: readonly string[]): Test<Place> {
  const matches = compileGlobs(globs);
  return certain(({ namespace }) => namespace !== undefined && matches(namespace));
}

/** The label of the namespace's name is set by the API server itself, so it is known without asking. */
function selectorTest(selector: LabelSelector): Test<Place> {
  return {
    ask({ namespace, namespaceLabels }) {
      if (namespace === undefined || namespaceLabels.state === 'no') return selects(selector, {}, true);
      if (namespaceLabels.state === 'yes') return selects(selector, namespaceLabels.value, true);
      return selects(selector, { [NAME_LABEL]: namespace }, false);
    },
    doubt: ({ namespaceLabels }) => (namespaceLabels.state === 'unknown' ? namespaceLabels.reason : ''),
  };
}

/** `Deployment`, or `Job.batch.volcano.sh` where a kind's name alone is not enough. */
function kindTest(globs: readonly string[]): Test<Asked> {
  const matches = compileGlobs(globs);
  return certain(({ workload: { type } }) => matches(type.kind) || matches(`${type.kind}.${type.group}`));
}

function operationTest(operations: readonly string[]): Test<Asked> {
  return certain(({ operation }) => operations.includes(operation));
}

function userTest(globs: readonly string[]): Test<Asked> {
  const matches = compileGlobs(globs);
  return askingUser((user) => matches(user.name));
}

function groupTest(globs: readonly string[]): Test<Asked> {
  const matches = compileGlobs(globs);
  return askingUser((user) => user.groups.some(matches));
}

function askingUser(matches: (user: NonNullable<ScopeRequest['user']>) => boolean): Test<Asked> {
  return {
    ask: ({ user }) => (user === undefined ? 'unknown' : matches(user) ? 'yes' : 'no'),
    doubt: () => 'who asks is not known here',
  };
}
