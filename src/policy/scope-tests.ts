/** The keys of `match` and `exclude` that apply to a whole request. Each returns yes, no, or unknown. */
import { compileGlobs } from '../image/glob.ts';
import { canMatch, type Language } from '../image/glob-reach.ts';
import { ACCOUNT, behindPrefix, LABEL } from './name-language.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { Clause } from './clause.ts';
import { type Tristate, type LabelSelector, NAME_LABEL, selects } from './selector.ts';

/** One key of a clause. */
interface Test<Request> {
  readonly evaluate: (request: Request) => Tristate;
  /** Why the result is unknown. */
  readonly unknownReason: (request: Request) => string;
}

type Place = Pick<ScopeRequest, 'namespace' | 'namespaceLabels'>;

/** The operation, kind, and user of a request. */
interface RequestFields extends Pick<ScopeRequest, 'operation' | 'user'> {
  readonly workload: { readonly type: Pick<ScopeRequest['workload']['type'], 'group' | 'kind'> };
}

/** A Pod that a controller creates. */
const NEW_POD: RequestFields = { operation: 'CREATE', workload: { type: { group: '', kind: 'Pod' } }, user: undefined };

/** Not a valid name: only a glob that matches every name matches it. */
const ANY_NAME = '\u0000';

const ACCOUNT_PREFIX = 'system:serviceaccount:';
const ANY_ACCOUNT = `${ACCOUNT_PREFIX}${ANY_NAME}:${ANY_NAME}`;
const ACCOUNTS = behindPrefix(ACCOUNT_PREFIX, ACCOUNT);

const GROUPS_PREFIX = 'system:serviceaccounts:';
/** The groups of every ServiceAccount, and the group of its namespace. */
const ANY_ACCOUNT_GROUPS = ['system:serviceaccounts', 'system:authenticated', `${GROUPS_PREFIX}${ANY_NAME}`];
const ACCOUNT_GROUPS = behindPrefix(GROUPS_PREFIX, LABEL);

export type Extent = 'all' | 'some' | 'none';

/**
 * Returns which Pods created by controllers match. Controllers are ServiceAccounts: those of Kubernetes are in kube-system,
 * others, such as Tekton and Argo, can be in any namespace.
 */
export function podsOfControllers(clause: Clause): Extent {
  const { users = [], groups = [] } = clause;
  const rest = requestTests({ ...clause, users: undefined, groups: undefined });
  if (!rest.every(({ evaluate }) => evaluate(NEW_POD) === 'yes')) return 'none';
  const extents = [
    ...(users.length === 0 ? [] : [extentOf(users, [ANY_ACCOUNT], ACCOUNTS)]),
    ...(groups.length === 0 ? [] : [extentOf(groups, ANY_ACCOUNT_GROUPS, ACCOUNT_GROUPS)]),
  ];
  if (extents.includes('none')) return 'none';
  return extents.includes('some') ? 'some' : 'all';
}

function extentOf(globs: readonly string[], probes: readonly string[], language: Language): Extent {
  if (probes.some(compileGlobs(globs))) return 'all';
  return globs.some((glob) => canMatch(glob, language)) ? 'some' : 'none';
}

/** The keys for the namespace of an object. */
export function placeTests({ namespaces, namespaceSelector }: Clause): readonly Test<Place>[] {
  return [
    ...testsFor(namespaces, namespaceTest),
    ...(namespaceSelector === undefined ? [] : [selectorTest(namespaceSelector)]),
  ];
}

/** The keys for the operation, kind, and user. */
export function requestTests({ kinds, operations, users, groups }: Clause): readonly Test<RequestFields>[] {
  return [
    ...testsFor(kinds, kindTest),
    ...testsFor(operations, operationTest),
    ...testsFor(users, userTest),
    ...testsFor(groups, groupTest),
  ];
}

/** A test that is never unknown. */
function known<Request>(matches: (request: Request) => boolean): Test<Request> {
  return { evaluate: (request) => (matches(request) ? 'yes' : 'no'), unknownReason: () => '' };
}

function testsFor<T, Request>(
  list: readonly T[] | undefined,
  test: (list: readonly T[]) => Test<Request>,
): readonly Test<Request>[] {
  return list === undefined || list.length === 0 ? [] : [test(list)];
}

function namespaceTest(globs: readonly string[]): Test<Place> {
  const matches = compileGlobs(globs);
  return known(({ namespace }) => namespace !== undefined && matches(namespace));
}

/** The API server sets the label with the namespace name, so this label is always known. */
function selectorTest(selector: LabelSelector): Test<Place> {
  return {
    evaluate({ namespace, namespaceLabels }) {
      if (namespace === undefined || namespaceLabels.state === 'no') return selects(selector, {}, true);
      if (namespaceLabels.state === 'yes') return selects(selector, namespaceLabels.value, true);
      return selects(selector, { [NAME_LABEL]: namespace }, false);
    },
    unknownReason: ({ namespaceLabels }) => (namespaceLabels.state === 'unknown' ? namespaceLabels.reason : ''),
  };
}

/** `Deployment`, or `Job.batch.volcano.sh` if the name of a kind is ambiguous. */
function kindTest(globs: readonly string[]): Test<RequestFields> {
  const matches = compileGlobs(globs);
  return known(({ workload: { type } }) => matches(type.kind) || matches(`${type.kind}.${type.group}`));
}

function operationTest(operations: readonly string[]): Test<RequestFields> {
  return known(({ operation }) => operations.includes(operation));
}

function userTest(globs: readonly string[]): Test<RequestFields> {
  const matches = compileGlobs(globs);
  return testUser((user) => matches(user.name));
}

function groupTest(globs: readonly string[]): Test<RequestFields> {
  const matches = compileGlobs(globs);
  return testUser((user) => user.groups.some(matches));
}

function testUser(matches: (user: NonNullable<ScopeRequest['user']>) => boolean): Test<RequestFields> {
  return {
    evaluate: ({ user }) => (user === undefined ? 'unknown' : matches(user) ? 'yes' : 'no'),
    unknownReason: () => 'the requesting user is unknown',
  };
}
