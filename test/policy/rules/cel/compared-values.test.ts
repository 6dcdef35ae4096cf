/** An expression's message is its author's own: the same words are no sign that the same thing is wrong. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, contextOf, podOf, requestOf, decisionTexts } from '../../../admission/decide.ts';
import { policyOf } from '../../fixtures.ts';
import { readyRules } from '../../../../src/policy/document.ts';
import { kindTable } from '../../../../src/pod/kinds.ts';
import { RULES } from '../../../../src/policy/rules/index.ts';
import { validate } from '../../../../src/admission/validate.ts';

beforeAll(() => readyRules({ spec: { rules: [{ rule: 'cel' }] } }, { rules: RULES, kinds: kindTable() }));

const pod = (image: string, more = '', metadata = '{name: p}') =>
  podOf(`{containers: [{name: a, image: "${image}"${more}}]}`, metadata);
const context = (expression: string, more = '') =>
  contextOf([policyOf(`{rules: [{rule: cel, parameters: {expression: ${JSON.stringify(expression)}${more}}}]}`)]);

describe.each([
  ['each container', 'container.image.startsWith("good/")'],
  ['the whole object', 'object.spec.containers.all(c, c.image.startsWith("good/"))'],
])('an update of what an expression about %s refuses', (_what, expression) => {
  const update = (object: ReturnType<typeof pod>) =>
    ask(
      requestOf(object, { operation: 'UPDATE', oldObject: pod('bad/a:1') }),
      context(expression, ', message: only good'),
    );

  test('is a warning when the containers stay as they are', async () => {
    const decision = await update(pod('bad/a:1', '', '{name: p, labels: {a: b}}'));
    expect(decisionTexts(decision)).toEqual([expect.stringMatching(/^\+[a-] cel warn$/)]);
  });

  test('is refused when it brings another image', async () => {
    expect(decisionTexts(await update(pod('evil/b:2')))).toEqual([expect.stringMatching(/^[a-] cel deny$/)]);
  });

  test('is independent of other changes in the update', async () => {
    const decision = await update(pod('bad/a:1', '', '{name: p, labels: {a: b}}'));
    expect(decisionTexts(decision)).toEqual([expect.stringMatching(/^\+[a-] cel warn$/)]);
  });
});

/** Of one Pod to another; every one of both is refused with the same words. */
describe('what is forgiven is compared by what the expression looks at', () => {
  const HOST =
    '!(has(object.spec.hostNetwork) && object.spec.hostNetwork) && !(has(object.spec.hostPID) && object.spec.hostPID)';
  const ESCALATED = '!object.spec.containers.exists(c, c.?securityContext.privileged.orValue(false))';
  const A = 'containers: [{name: a, image: "x:1"}]';

  test.each<[what: string, expression: string, old: string, now: string, is: 'warn' | 'deny']>([
    ['hostNetwork stays', HOST, `{hostNetwork: true, ${A}}`, `{hostNetwork: true, ${A}}`, 'warn'],
    ['hostNetwork becomes hostPID', HOST, `{hostNetwork: true, ${A}}`, `{hostPID: true, ${A}}`, 'deny'],
    [
      'hostPID comes to hostNetwork',
      HOST,
      `{hostNetwork: true, ${A}}`,
      `{hostNetwork: true, hostPID: true, ${A}}`,
      'deny',
    ],
    [
      'something that is not looked at comes',
      HOST,
      `{hostNetwork: true, ${A}}`,
      `{hostNetwork: true, priority: 1, ${A}}`,
      'warn',
    ],
    [
      'another image comes',
      HOST,
      `{hostNetwork: true, ${A}}`,
      '{hostNetwork: true, containers: [{name: a, image: "x:2"}]}',
      'warn',
    ],
    ['the priority grows', 'object.spec.priority < 1', `{priority: 1, ${A}}`, `{priority: 2, ${A}}`, 'deny'],
    [
      'an optional field',
      'object.?spec.?priority.orValue(0) < 1',
      `{priority: 1, ${A}}`,
      `{priority: 2, ${A}}`,
      'deny',
    ],
    ['a key in brackets', 'object["spec"]["priority"] < 1', `{priority: 1, ${A}}`, `{priority: 2, ${A}}`, 'deny'],
    [
      'an index',
      'object.spec.containers[0].image == "y"',
      `{${A}}`,
      '{containers: [{name: a, image: "x:1"}, {name: b, image: "x:1"}]}',
      'warn',
    ],
    [
      'another index',
      'object.spec.containers[0].image == "y"',
      `{${A}}`,
      '{containers: [{name: b, image: "z:1"}, {name: a, image: "x:1"}]}',
      'deny',
    ],
    [
      'an index that is computed',
      'object.spec.containers[size("")].image == "y"',
      `{${A}}`,
      '{containers: [{name: a, image: "z"}]}',
      'deny',
    ],
    [
      'the list of an all',
      ESCALATED,
      '{containers: [{name: a, image: x, securityContext: {privileged: true}}]}',
      '{containers: [{name: b, image: x, securityContext: {privileged: true}}]}',
      'deny',
    ],
    [
      'a list that stays',
      ESCALATED,
      '{containers: [{name: a, image: x, securityContext: {privileged: true}}]}',
      '{priority: 1, containers: [{name: a, image: x, securityContext: {privileged: true}}]}',
      'warn',
    ],
    [
      'the whole object',
      '!has(object.spec) || size(object.map(k, k)) == 0',
      `{priority: 1, ${A}}`,
      `{priority: 2, ${A}}`,
      'deny',
    ],
    [
      'the whole object, unchanged',
      'size(object.map(k, k)) == 0',
      `{priority: 1, ${A}}`,
      `{priority: 1, ${A}}`,
      'warn',
    ],
    [
      'a field of the container',
      'container.?tty.orValue(false) == false',
      '{containers: [{name: a, image: x, tty: true}]}',
      '{containers: [{name: a, image: "y:1", tty: true}]}',
      'warn',
    ],
    [
      'two fields of the container',
      '!(container.?tty.orValue(false) || container.?stdin.orValue(false))',
      '{containers: [{name: a, image: x, tty: true}]}',
      '{containers: [{name: a, image: x, stdin: true}]}',
      'deny',
    ],
    [
      'the image of the container',
      'image.tag == "3"',
      '{containers: [{name: a, image: "x:1"}]}',
      '{containers: [{name: a, image: "x:2"}]}',
      'deny',
    ],
    [
      'the Pod around a container',
      'container.name == "b" || !object.spec.hostPID',
      `{hostPID: true, hostIPC: true, ${A}}`,
      `{hostPID: true, ${A}}`,
      'warn',
    ],
    [
      'a default of the container',
      'container.imagePullPolicy == "Never"',
      '{containers: [{name: a, image: "x:latest"}]}',
      '{containers: [{name: a, image: "x:1"}]}',
      'deny',
    ],
  ])('%s: %s', async (_what, expression, old, now, is) => {
    const request = requestOf(podOf(now), { operation: 'UPDATE', oldObject: podOf(old) });
    const decision = await ask(request, context(expression, ', message: refused'));
    expect(decisionTexts(decision)).toEqual([
      expect.stringMatching(is === 'warn' ? /^\+[a-] cel warn$/ : /^[a-] cel deny$/),
    ]);
  });

  test.each<[what: string, old: string, now: string, is: 'warn' | 'deny']>([
    ['its own place', '{hostPID: true}', '{hostPID: true, hostIPC: true}', 'warn'],
    ['what it is made of', '{hostPID: true}', '{hostPID: false, hostNetwork: true}', 'deny'],
  ])('a variable counts with %s', async (_what, old, now, is) => {
    const variables =
      '[{name: spec, expression: object.spec}, {name: pid, expression: "variables.spec.?hostPID.orValue(false)"}, {name: host, expression: "variables.pid || variables.spec.?hostNetwork.orValue(false)"}, {name: unused, expression: object.spec.hostIPC}]';
    const filled = (spec: string) => podOf(spec.replace('{', `{${A}, `));
    const request = requestOf(filled(now), { operation: 'UPDATE', oldObject: filled(old) });
    const decision = await ask(request, context('!variables.host', `, message: refused, variables: ${variables}`));
    expect(decisionTexts(decision)).toEqual([is === 'warn' ? '+- cel warn' : '- cel deny']);
  });
});

/** The stored object was made by others, and at another time: it had nothing of what is said here. */
describe('an expression about who can change an object has no existing findings', () => {
  const A = 'containers: [{name: a, image: "x:1"}]';
  const B = 'containers: [{name: a, image: "x:2"}]';
  const CI = 'request.userInfo.username == "ci"';
  const FROZEN = '"frozen" in object.metadata.?labels.orValue({})';
  const frozen = '{name: p, labels: {frozen: "yes"}}';

  test.each<[what: string, expression: string]>([
    ['only one user may', CI],
    ['only a group may', '"ci" in request.userInfo.groups'],
    ['a list of users in a variable', 'request.userInfo.username in variables.who'],
    ['only by rehearsal', 'request.dryRun'],
    ['only creation is allowed', 'request.operation == "CREATE"'],
    ['only creation is allowed, told by the old object', 'oldObject == null'],
    ['what is frozen stays', `request.operation == "CREATE" || !(${FROZEN})`],
    ['what is frozen stays, told by the old object', `oldObject == null || !(${FROZEN})`],
    ['what belongs to one user is changed by him', `${CI} || !(${FROZEN})`],
    ['in a container, too', `${CI} || container.name != "a"`],
    ['about an image, too', `${CI} || image.name != "docker.io/library/x"`],
    ['the request as a whole', 'size([request].map(r, r.userInfo.username).filter(name, name == "ci")) == 1'],
    ['nothing may be done here', 'namespaceObject.metadata.name != "shop"'],
    ['nothing may be done at all', 'false'],
  ])('%s', async (_what, expression) => {
    const variables = ', message: refused, variables: [{name: who, expression: \'["ci"]\'}]';
    const update = async (spec: string, metadata: string): Promise<readonly string[]> => {
      const request = requestOf(podOf(`{${spec}}`, metadata), {
        operation: 'UPDATE',
        oldObject: podOf(`{${A}}`, frozen),
        user: { name: 'jane', groups: ['devs'] },
      });
      return decisionTexts(await ask(request, context(expression, variables)));
    };
    const denied = [expect.stringMatching(/^[a-] cel deny$/)];
    const warned = [expect.stringMatching(/^\+[a-] cel warn$/)];
    expect(await update(B, frozen), 'another image').toEqual(denied);
    expect(await update(`priority: 1, ${A}`, frozen), 'another priority').toEqual(denied);
    expect(await update(A, frozen.replace('}}', '}, annotations: {a: b}}')), 'an annotation').toEqual(warned);
    expect(await update(A, frozen), 'nothing').toEqual(warned);
  });

  test.each<[what: string, expression: string]>([
    ['the name of the object', 'request.name != "p" || object.spec.?hostPID.orValue(false) == false'],
    ['its namespace', 'request.namespace != "shop" || object.spec.?hostPID.orValue(false) == false'],
    ['its kind', 'request.kind.kind != "Pod" || object.spec.?hostPID.orValue(false) == false'],
  ])('but %s is what it was', async (_what, expression) => {
    const request = requestOf(podOf(`{hostPID: true, ${B}}`), {
      operation: 'UPDATE',
      oldObject: podOf(`{hostPID: true, ${A}}`),
    });
    expect(decisionTexts(await ask(request, context(expression)))).toEqual(['+- cel warn']);
  });
});

describe('a password in an image', () => {
  test.each([
    ['the message', 'false', `, messageExpression: '"image " + container.image + " is not good"'`],
    ['the reason of an unknown result', '{"a": true}[container.image]', ''],
  ])('does not reach %s', async (_where, expression, more) => {
    const { signal } = new AbortController();
    const request = requestOf(pod('user:hunter2@reg.io/x:1'));
    const text = JSON.stringify(await validate(request, context(expression, more), signal), (key, value: unknown) =>
      ['workload', 'container', 'covered', 'seen'].includes(key) ? undefined : value,
    );
    expect(text).toContain('user:***@reg.io/x:1');
    expect(text).not.toContain('hunter2');
  });
});
