/** Clauses that can never be true: what is proved, and that no provable statement is wrong. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTAINER_KINDS } from '../../src/pod/containers.ts';
import { coveredBy } from '../../src/policy/plan.ts';
import { contradictionIn, type LabelSelector, selects } from '../../src/policy/selector.ts';
import { pod, read, requestFor, workload } from './fixtures.ts';

const deadClauses = (scope: string): readonly string[] => {
  const result = read(`{${scope}${scope === '' ? '' : ', '}rules: [{rule: image-digest}]}`);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.deadClauses.map(({ pointer, problem }) => `${pointer}: ${problem}`);
};

const NEVER = '/spec/exclude: never applies: "exclude" removes everything that "match" selects';
const EVERY = '/spec/exclude: "exclude" removes every container that "match" selects';
const READ = `${EVERY} and that has a valid image`;
const IN_NONE = 'have no namespace, but "namespaces" requires one';

describe('a policy', () => {
  test.each<[string, string | undefined]>([
    ['', undefined],
    ['match: {}, exclude: {}', undefined],
    ['exclude: {namespaces: []}', undefined],
    ['match: {namespaces: [a]}, exclude: {namespaces: [b]}', undefined],
    ['match: {namespaces: [a]}, exclude: {namespaces: [a]}', NEVER],
    ['match: {namespaces: [a, b]}, exclude: {namespaces: [a]}', undefined],
    ['match: {namespaces: [a, b]}, exclude: {namespaces: [b, c, a]}', NEVER],
    ['match: {namespaces: [team-a, "team-b-*"]}, exclude: {namespaces: ["team-*"]}', NEVER],
    ['match: {namespaces: ["team-*"]}, exclude: {namespaces: ["team-a*"]}', undefined],
    ['match: {namespaces: ["*-a"]}, exclude: {namespaces: ["team-*"]}', undefined],
    ['match: {namespaces: ["a*b*c"]}, exclude: {namespaces: ["a*c"]}', NEVER],
    ['match: {namespaces: ["a*c"]}, exclude: {namespaces: ["a*b*c"]}', undefined],
    ['match: {namespaces: [a]}, exclude: {namespaces: [a], kinds: [Job]}', undefined],
    ['match: {namespaces: [a], kinds: [Job]}, exclude: {namespaces: [a], kinds: [Job, Pod]}', NEVER],
    // ClusterTask and the like are in no namespace.
    ['exclude: {namespaces: ["*"]}', undefined],
    ['match: {kinds: [Pod]}, exclude: {namespaces: ["*"]}', NEVER],
    ['match: {kinds: [Deployment]}, exclude: {kinds: [Deployment.apps]}', undefined],
    ['match: {kinds: [Deployment]}, exclude: {kinds: [Deployment.apps, Deployment.extensions]}', NEVER],
    ['match: {kinds: ["*Job"]}, exclude: {kinds: ["*Job*"]}', NEVER],
    ['exclude: {kinds: ["*"]}', NEVER],
    ['exclude: {operations: [CREATE, UPDATE]}', NEVER],
    ['match: {operations: [UPDATE]}, exclude: {operations: [UPDATE]}', NEVER],
    ['exclude: {operations: [CREATE]}', undefined],
    ['match: {users: [jane]}, exclude: {users: ["*"]}', NEVER],
    ['exclude: {users: ["*"]}', undefined],
    ['match: {groups: [devs]}, exclude: {groups: [devs]}', NEVER],
    ['match: {namespaceSelector: {matchLabels: {a: b}}}, exclude: {namespaceSelector: {matchLabels: {a: b}}}', NEVER],
    [
      'match: {namespaceSelector: {matchLabels: {a: b}}}, exclude: {namespaceSelector: {matchLabels: {a: c}}}',
      undefined,
    ],
    ['match: {containers: [init]}, exclude: {containers: [init, sidecar]}', EVERY],
    ['match: {containers: [init, regular]}, exclude: {containers: [init]}', undefined],
    [`exclude: {containers: [${CONTAINER_KINDS.join(', ')}]}`, EVERY],
    ['exclude: {containers: [regular]}', undefined],
    ['exclude: {images: ["**"]}', READ],
    ['match: {images: [nginx, "a.io/**"]}, exclude: {images: ["a.io/**", nginx]}', READ],
    ['match: {images: [nginx]}, exclude: {images: [redis]}', undefined],
    ['match: {images: [nginx]}, exclude: {images: [nginx], containers: [init]}', undefined],
    [
      'match: {kinds: [ClusterTask], namespaces: [a]}',
      `/spec/match: never applies: objects of kind "ClusterTask" ${IN_NONE}`,
    ],
    ['match: {kinds: [ClusterTask, Task], namespaces: [a]}', undefined],
    [
      'exclude: {kinds: [SidecarSet], namespaces: ["*"]}',
      `/spec/exclude: excludes nothing: objects of kind "SidecarSet" ${IN_NONE}`,
    ],
    [
      'match: {namespaceSelector: {matchLabels: {env: a}, matchExpressions: [{key: env, operator: NotIn, values: [a]}]}}',
      '/spec/match: never applies: no label "env" can meet all requirements of "namespaceSelector"',
    ],
  ])('with %s: %s', (scope, problem) => {
    expect(deadClauses(scope)).toEqual(problem === undefined ? [] : [problem]);
  });
});

const list = <T>(...from: readonly T[]): fc.Arbitrary<readonly T[]> => fc.subarray([...from], { minLength: 1 });
const clause = fc.record(
  {
    namespaces: list('a', 'b', 'a*', '*b', '*'),
    kinds: list('Pod', 'Task', 'ClusterTask', 'Task.tekton.dev', '*Task', '*'),
    operations: list('CREATE', 'UPDATE'),
    users: list('u', 'v', '*'),
    containers: list('regular', 'init', 'sidecar', 'ephemeral', 'volume'),
    images: list('nginx', 'a.io/**', '**'),
    namespaceSelector: fc.constantFrom<LabelSelector>(
      { matchLabels: { a: 'b' } },
      { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] },
      { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] },
    ),
  },
  { requiredKeys: [] },
);

const OBJECTS = [
  pod(
    '{initContainers: [{name: i, image: "nginx:1"}], containers: [{name: r, image: "a.io/b:1"}, {name: q, image: "b.io/b:1"}]}',
  ),
  workload('{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: "nginx:1"}]}}'),
  workload(
    '{apiVersion: tekton.dev/v1beta1, kind: ClusterTask, metadata: {name: t}, spec: {steps: [{image: "nginx:1"}]}}',
  ),
];

/** Selectors with all combinations of these names. */
const REQUESTS = OBJECTS.flatMap((object) =>
  ['a', 'b', 'ab', 'c'].flatMap((namespace) =>
    (['CREATE', 'UPDATE'] as const).flatMap((operation) =>
      ['u', 'w'].flatMap((name) =>
        [{}, { a: 'b' }, { a: 'c' }].map((labels) =>
          requestFor(object, {
            namespace: object.clusterScoped ? undefined : namespace,
            operation,
            user: { name, groups: [] },
            namespaceLabels: { state: 'yes', value: labels },
          }),
        ),
      ),
    ),
  ),
);

test('a policy reported as never applying covers no request, and one reported as selecting no containers selects none', () => {
  let proved = 0;
  fc.assert(
    fc.property(clause, clause, (match, exclude) => {
      const result = read(JSON.stringify({ match, exclude, rules: [{ rule: 'image-digest' }] }));
      if (!result.ok) throw new Error(JSON.stringify(result.faults));
      const problems = result.deadClauses.map(({ problem }) => problem).join();
      if (problems === '' || problems.startsWith('excludes nothing')) return;
      proved += 1;
      const covered = REQUESTS.flatMap((request) => coveredBy([result.policy], request).policies);
      if (problems.startsWith('never applies')) expect(covered).toEqual([]);
      else expect(covered.flatMap(({ coverage }) => coverage.containers)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
  expect(proved).toBeGreaterThan(100);
}, 60_000);

describe('a selector that no labels can meet', () => {
  test.each<[LabelSelector, boolean]>([
    [{}, false],
    [{ matchLabels: { a: 'b', c: 'd' } }, false],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'Exists' },
          { key: 'a', operator: 'DoesNotExist' },
        ],
      },
      true,
    ],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'DoesNotExist' },
        ],
      },
      false,
    ],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['1', '2'] },
          { key: 'a', operator: 'In', values: ['3'] },
        ],
      },
      true,
    ],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['1', '2'] },
          { key: 'a', operator: 'NotIn', values: ['1'] },
        ],
      },
      false,
    ],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'NotIn', values: ['1'] },
          { key: 'a', operator: 'Exists' },
        ],
      },
      false,
    ],
    [{ matchLabels: { ['__proto__']: 'x' } }, false],
  ])('%j: %s', (selector, contradiction) => {
    expect(contradictionIn(selector) !== undefined).toBe(contradiction);
  });

  test('is found exactly when no combination of labels matches', () => {
    const requirement = fc.oneof(
      fc.record({
        key: fc.constantFrom('a', '__proto__'),
        operator: fc.constantFrom('In' as const, 'NotIn' as const),
        values: list('1', '2', '3'),
      }),
      fc.record({
        key: fc.constantFrom('a', '__proto__'),
        operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
      }),
    );
    const values = [undefined, '1', '2', '3', '4'];
    const worlds = values.flatMap((a) =>
      values.map((proto) =>
        Object.fromEntries([
          ...(a === undefined ? [] : [['a', a]]),
          ...(proto === undefined ? [] : [['__proto__', proto]]),
        ]),
      ),
    );
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 5 }), (matchExpressions) => {
        const possible = worlds.some((labels) => selects({ matchExpressions }, labels, true) === 'yes');
        expect(contradictionIn({ matchExpressions }) === undefined).toBe(possible);
      }),
      { numRuns: 3000 },
    );
  });
});
