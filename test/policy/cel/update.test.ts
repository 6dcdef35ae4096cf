/** An expression's message is its author's own: the same words are no sign that the same thing is wrong. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, contextOf, podOf, requestOf, told } from '../../admission/asking.ts';
import { policyOf } from '../asking.ts';
import { readyRules } from '../../../src/policy/document.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import { RULES } from '../../../src/policy/rules/index.ts';
import { validate } from '../../../src/admission/validate.ts';

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
    const verdict = await update(pod('bad/a:1', '', '{name: p, labels: {a: b}}'));
    expect(told(verdict)).toEqual([expect.stringMatching(/^\+[a-] cel warn$/)]);
  });

  test('is refused when it brings another image', async () => {
    expect(told(await update(pod('evil/b:2')))).toEqual([expect.stringMatching(/^[a-] cel deny$/)]);
  });

  test('is refused when it brings something else into the container', async () => {
    const verdict = await update(pod('bad/a:1', ', securityContext: {privileged: true}'));
    expect(told(verdict)).toEqual([expect.stringMatching(/^[a-] cel deny$/)]);
  });
});

describe('a password in an image', () => {
  test.each([
    ['the message', 'false', `, messageExpression: '"image " + container.image + " is not good"'`],
    ['the reason why it could not tell', '{"a": true}[container.image]', ''],
  ])('does not reach %s', async (_where, expression, more) => {
    const { signal } = new AbortController();
    const request = requestOf(pod('user:hunter2@reg.io/x:1'));
    const text = JSON.stringify(await validate(request, context(expression, more), signal), (key, value: unknown) =>
      key === 'workload' || key === 'container' || key === 'covered' ? undefined : value,
    );
    expect(text).toContain('user:***@reg.io/x:1');
    expect(text).not.toContain('hunter2');
  });
});
