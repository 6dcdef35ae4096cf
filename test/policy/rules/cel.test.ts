/** Findings of the rule cel: messages and pointers. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../../src/policy/fact.ts';
import { cel } from '../../../src/policy/rules/cel.ts';
import type { ScopeRequest } from '../../../src/policy/scope-request.ts';
import { ask, contextOf, podOf, requestOf, decisionTexts } from '../../admission/decide.ts';
import { findingsOf, pod, policyOf, requestFor, findingTexts, workload } from '../fixtures.ts';

beforeAll(() => cel.ready?.());

const policy = (parameters: object, more = ''): ReturnType<typeof policyOf> =>
  policyOf(`{rules: [{rule: cel, parameters: ${JSON.stringify(parameters)}${more}}]}`);

const TWO = pod('{containers: [{name: web, image: "nginx:1"}, {name: log, image: "quay.io/log"}]}');

interface Options {
  readonly of?: ReturnType<typeof pod>;
  readonly request?: Partial<ScopeRequest>;
  readonly facts?: Partial<Facts>;
}

function about(parameters: object | string, { of = TWO, request = {}, facts = {} }: Options = {}): readonly string[] {
  const given = typeof parameters === 'string' ? { expression: parameters } : parameters;
  return findingTexts(findingsOf([policy(given)], requestFor(of, request), facts));
}

const HAS = 'in the policy, test the field with has(), or use ".?" and orValue()';

describe('an expression', () => {
  test.each<[string, readonly string[]]>([
    ['object.kind == "Pod"', []],
    [
      'object.kind == "Job"',
      [
        '-: CEL expression "object.kind == \\"Job\\"" evaluates to false | change the object so that the expression is true',
      ],
    ],
    [
      "object\n  .kind  == 'Job'",
      [
        '-: CEL expression "object .kind == \'Job\'" evaluates to false | change the object so that the expression is true',
      ],
    ],
    [
      "image.registry == 'quay.io'",
      [
        'web: CEL expression "image.registry == \'quay.io\'" evaluates to false | change the object so that the expression is true',
      ],
    ],
    [
      "container.name == 'web'",
      [
        'log: CEL expression "container.name == \'web\'" evaluates to false | change the object so that the expression is true',
      ],
    ],
    [
      'object.spec.replicas > 1',
      [`-: cannot determine whether "object.spec.replicas > 1" is true: "object.spec" has no "replicas" | ${HAS}`],
    ],
    ['object.spec', ['-: cannot determine whether "object.spec" is true: it has type map, expected bool | -']],
    [
      'object.spec.containers.all(c, c.name > 5)',
      [
        '-: cannot determine whether "object.spec.containers.all(c, c.name > 5)" is true: string and int have no order | -',
      ],
    ],
    [
      'object.spec.containers[2].name == "x"',
      [
        `-: cannot determine whether "object.spec.containers[2].name == \\"x\\"" is true: "object.spec.containers" has no index 2 | ${HAS}`,
      ],
    ],
    [
      'object.metadata.name.first().hasValue()',
      [
        '-: cannot determine whether "object.metadata.name.first().hasValue()" is true: .first() does not take string | -',
      ],
    ],
  ])('%s', (expression, sentences) => {
    expect(about(expression)).toEqual(sentences);
  });

  test('points to the image, the container, or the object', () => {
    const pointers = [
      'image.tag == "x"',
      'container.image == image.tag',
      'container.name == "x"',
      'object.kind == "x"',
    ].map((expression) => findingsOf([policy({ expression })], requestFor(TWO))[0]?.pointer);
    expect(pointers).toEqual(['/spec/containers/0/image', '/spec/containers/0', '/spec/containers/0', '']);
  });

  test('is evaluated only for containers in scope', () => {
    const narrow = policyOf(
      '{match: {images: ["quay.io/**"]}, rules: [{rule: cel, parameters: {expression: "image.digest != \'\'"}}]}',
    );
    expect(findingTexts(findingsOf([narrow], requestFor(TWO)))).toEqual([
      'log: CEL expression "image.digest != \'\'" evaluates to false | change the object so that the expression is true',
    ]);
  });
});

describe('the message', () => {
  const expression = 'image.registry == "quay.io"';

  test.each<[object, string]>([
    [
      { expression, message: 'use our own registry' },
      'web: use our own registry | change the object so that this is true: image.registry == "quay.io"',
    ],
    [
      { expression, messageExpression: '"take " + image.repository + " from quay.io"' },
      'web: take library/nginx from quay.io | change the object so that this is true: image.registry == "quay.io"',
    ],
    [
      { expression, message: 'use quay.io', messageExpression: 'container.nope' },
      'web: use quay.io (messageExpression: "container" has no "nope") | change the object so that this is true: image.registry == "quay.io"',
    ],
    [
      { expression, messageExpression: '" "' },
      'web: the CEL expression evaluates to false (messageExpression: it returns no text) | change the object so that this is true: image.registry == "quay.io"',
    ],
    [
      { expression, messageExpression: '"a\\n\\u202eb\\u0000" + "x"' },
      'web: a\\u000a\\u202eb\\u0000x | change the object so that this is true: image.registry == "quay.io"',
    ],
  ])('%j', (parameters, sentence) => {
    expect(about(parameters)).toEqual([sentence]);
  });

  test('is shortened if it is long', () => {
    const [sentence] = about({ expression, messageExpression: `"${'x'.repeat(600)}"` });
    expect(sentence).toBe(
      `web: ${'x'.repeat(500)}… | change the object so that this is true: image.registry == "quay.io"`,
    );
  });
});

describe('an image', () => {
  const images =
    '{image: "nginx"}, {image: "a.io:5000/b/c:1@sha256:' +
    'a'.repeat(64) +
    '"}, {image: "d@sha256:' +
    'b'.repeat(64) +
    '"}';
  const three = pod(`{containers: [${images}]}`);

  test.each<[string, readonly string[]]>([
    ['text', ['nginx', `a.io:5000/b/c:1@sha256:${'a'.repeat(64)}`, `d@sha256:${'b'.repeat(64)}`]],
    ['registry', ['docker.io', 'a.io:5000', 'docker.io']],
    ['repository', ['library/nginx', 'b/c', 'library/d']],
    ['name', ['docker.io/library/nginx', 'a.io:5000/b/c', 'docker.io/library/d']],
    ['tag', ['latest', '1', '']],
    ['digest', ['', `sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]],
  ])('has its %s', (field, values) => {
    const found = about(
      { expression: 'image.tag == "none"', messageExpression: `"<" + image.${field} + ">"` },
      { of: three },
    );
    expect(found.map((sentence) => /<(.*)>/.exec(sentence)?.[1])).toEqual(values);
  });

  test('is a violation if it is invalid and unknown if it is pending, as for every rule about images', () => {
    const broken = pod('{containers: [{name: c, image: "UPPER:"}]}');
    expect(about('image.tag != ""', { of: broken })).toEqual([
      'c: image "UPPER:" is not a valid reference: the tag after ":" is missing; add a tag, or remove ":" | -',
    ]);
    expect(about('container.name == "c"', { of: broken })).toEqual([]);
    const later = workload(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: c}]}}}}',
    );
    expect(findingsOf([policy({ expression: 'image.tag != ""' })], requestFor(later))).toMatchObject([
      { outcome: 'unknown', message: 'image "" cannot be evaluated yet: a controller fills it in later' },
    ]);
  });
});

describe('a container', () => {
  test.each<[string, boolean]>([
    ['container.imagePullPolicy == "IfNotPresent"', true],
    ['container.ports.all(p, p.protocol == "TCP")', true],
    ['container.ports[0].name == "http"', true],
    ['has(container.securityContext)', false],
  ])('has the defaults of the API server: %s', (expression, holds) => {
    const of = pod('{containers: [{name: c, image: "a:1", ports: [{name: http, containerPort: 80}]}]}');
    expect(about(expression, { of })).toHaveLength(holds ? 0 : 1);
  });

  test('can be an image volume, with the fields of a volume', () => {
    const of = pod('{containers: [], volumes: [{name: v, image: {reference: "a:1"}}]}');
    expect(about('container.image.reference == "a:1" && image.tag == "1"', { of })).toEqual([]);
  });
});

describe('the request', () => {
  test.each<[string, boolean]>([
    ['request.operation == "CREATE"', true],
    ['request.namespace == "shop" && request.name == "p"', true],
    ['request.kind.kind == "Pod" && request.kind.version == "v1" && request.kind.group == ""', true],
    ['request.subResource == "" && !request.dryRun', true],
    ['request.userInfo.username == "jane" && "devs" in request.userInfo.groups', true],
    ['has(request.userInfo)', true],
    ['oldObject == null', true],
    ['request.operation == "UPDATE" || oldObject != null', false],
  ])('%s', (expression, holds) => {
    expect(about(expression)).toHaveLength(holds ? 0 : 1);
  });

  test('of a file comes from an unknown user', () => {
    const request = { user: undefined };
    const expression = 'request.userInfo.username != "root"';
    expect(about(expression, { request })).toEqual([
      `-: cannot determine whether "request.userInfo.username != \\"root\\"" is true: the requesting user is unknown | -`,
    ]);
    expect(about('has(request.userInfo) || true', { request })).toEqual([]);
    expect(about('!has(request.userInfo)', { request })).toHaveLength(1);
  });
});

describe('the namespace', () => {
  const expression = "namespaceObject.metadata.labels['env'] == 'prod'";
  const yes = { namespaceLabels: { state: 'yes', value: { env: 'prod' } } } as const;

  test('has labels if they are known', () => {
    expect(about(expression, { facts: yes })).toEqual([]);
    expect(about('namespaceObject.metadata.name == "shop"', { facts: yes })).toEqual([]);
    expect(about("namespaceObject.metadata.labels.?other.orValue('x') == 'x'", { facts: yes })).toEqual([]);
  });

  test('has only its name label if the others are unknown', () => {
    expect(about(expression)).toEqual([
      `-: cannot determine whether "${expression}" is true: labels are not known | -`,
    ]);
    for (const unknown of [
      '!has(namespaceObject.metadata.labels.env)',
      "!('env' in namespaceObject.metadata.labels)",
      'size(namespaceObject.metadata.labels) < 9',
    ]) {
      expect(findingsOf([policy({ expression: unknown })], requestFor(TWO))).toMatchObject([{ outcome: 'unknown' }]);
    }
    expect(about("namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop'")).toEqual([]);
  });

  test('is null for objects without namespace', () => {
    expect(about('namespaceObject == null', { request: { namespace: undefined } })).toEqual([]);
  });

  test('is looked up only if the expression uses it', () => {
    expect([...policy({ expression }).needs]).toEqual(['namespaceLabels']);
    expect([...policy({ expression: 'object.kind == "Pod"' }).needs]).toEqual([]);
  });
});

test('variables are named expressions, evaluated once on first use', () => {
  const variables = [
    { name: 'names', expression: 'object.spec.containers.map(c, c.name)' },
    { name: 'count', expression: 'size(variables.names)' },
    { name: 'broken', expression: 'object.nope' },
  ];
  expect(
    about({
      variables,
      expression: 'object.spec.containers.all(c, variables.count == 2 && c.name in variables.names)',
    }),
  ).toEqual([]);
  expect(about({ variables, expression: 'variables.broken || true' })).toEqual([]);
});

describe('an update', () => {
  const allowed = podOf('{containers: [{name: c, image: "a:1"}]}', '{name: p, labels: {team: a}}');
  const other = podOf('{containers: [{name: c, image: "a:1"}]}', '{name: p, labels: {team: b}}');
  const evaluated = async (
    expression: string,
    object: typeof allowed,
    oldObject: typeof allowed,
  ): Promise<readonly string[]> => {
    const context = contextOf([policy({ expression })]);
    return decisionTexts(await ask(requestOf(object, { operation: 'UPDATE', oldObject }), context));
  };

  test('is compared with the old object', async () => {
    const expression = 'object.metadata.labels.team == oldObject.metadata.labels.team';
    expect(await evaluated(expression, allowed, allowed)).toEqual([]);
    expect(await evaluated(expression, other, allowed)).toEqual(['- cel deny']);
  });

  test('does not deny what the old object already had', async () => {
    expect(await evaluated('object.metadata.name == "q"', other, allowed)).toEqual(['+- cel warn']);
    expect(await evaluated('container.name == "x"', other, allowed)).toEqual(['+c cel warn']);
  });
});

test('onUnknown sets the action of an unknown result', () => {
  const of = (more: string): readonly object[] =>
    findingsOf([policy({ expression: 'object.nope' }, more)], requestFor(TWO));
  expect(of('')).toMatchObject([{ action: 'deny', outcome: 'unknown' }]);
  expect(of(', action: audit')).toMatchObject([{ action: 'audit', outcome: 'unknown' }]);
  expect(of(', onUnknown: warn')).toMatchObject([{ action: 'warn', outcome: 'unknown' }]);
  expect(of(', onUnknown: deny, action: audit')).toMatchObject([{ action: 'deny', outcome: 'unknown' }]);
});
