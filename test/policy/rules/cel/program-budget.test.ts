/** Whatever policy and object do together, the event loop is held for a bounded time, and the answer is never silently yes. */
import { describe, expect, test } from 'vitest';
import { MAX_STEPS } from '../../../../src/cel/budget.ts';
import { compileProgram } from '../../../../src/policy/rules/cel/program.ts';
import type { Problem, Subject } from '../../../../src/policy/rule.ts';
import { type JsonObject, ShapeError } from '../../../../src/pod/pointer.ts';
import { readWorkload } from '../../../pod/fixtures.ts';

const N = 5000;
const LIST = Array.from({ length: N }, (_, index) => `v${index}`);

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

/** Everything that its author may choose, chosen badly. */
const OBJECT = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    annotations: {
      ...Object.fromEntries(LIST.map((name) => [name, 'x'])),
      big: 'a'.repeat(1_000_000),
      needle: `b${'a'.repeat(300_000)}`,
      text: `${'ab'.repeat(200_000)}c`,
      regex: '(?:[ab]*a[ab]{200}c)',
      nested: '(((a{10}){10}){10}){9}',
      exponent: '1e999999999',
    },
  },
  spec: {
    list: LIST,
    lists: Array.from({ length: N }, () => LIST),
    deep: deep(50_000),
    nulls: Object.fromEntries(Array.from({ length: 300_000 }, (_, index) => [`v${index}`, null])),
    containers: [{ name: 'c', image: 'a.io/b:1' }],
  },
};

const MANY = {
  ...OBJECT,
  spec: { containers: LIST.map((name) => ({ name, image: `a.io/b:${name}`, args: [name] })) },
};

function subjectOf(object: JsonObject): Subject<'namespaceLabels' | 'originalImages'> {
  const workload = readWorkload(object);
  return {
    operation: 'UPDATE',
    namespace: 'n',
    workload,
    pods: workload.pods,
    containers: workload.containers,
    request: { name: 'p', subResource: '', user: undefined, oldObject: object, dryRun: false },
    facts: { namespaceLabels: { state: 'no' }, originalImages: new Map() },
  };
}

const BIG = 'object.metadata.annotations.big';
const DOUBLED = Array.from({ length: 20 }, (_, index) => index).reduceRight(
  (inner, index) => `cel.bind(x${index + 1}, x${index} + x${index} + x${index} + x${index}, ${inner})`,
  'x20.contains("yx")',
);

/** Expressions that would take seconds, hours or all memory. */
const DEAR = [
  'object.spec.list.all(a, object.spec.list.all(b, object.spec.list.all(c, a != "q" || b == c)))',
  'object.spec.list.exists(a, object.spec.list.exists(b, object.spec.list.exists(c, a + b == c)))',
  'object.spec.list.exists(a, object.spec.list.exists(b, object.spec.list.exists(c, a.x == c)))',
  'object.spec.list.map(a, object.spec.list.map(b, object.spec.list.map(c, a))).size() > 0',
  'object.spec.list.all(a, object.nope == a || object.other == a)',
  `cel.bind(x0, ${BIG}, ${DOUBLED})`,
  `${BIG}.replace("a", ${BIG}).size() == 0`,
  `object.spec.list.map(a, a + ${BIG}).size() > 0`,
  'object.spec.list.map(a, object.spec.list.join(",")).join(",") == ""',
  `object.spec.list.all(a, ${BIG} == ${BIG} + "")`,
  `object.spec.list.all(a, size(${BIG}) > 1)`,
  'object.metadata.annotations.text.matches(object.metadata.annotations.regex)',
  'object.metadata.annotations.text.matches("(?:[ab]*a[ab]{200}c)")',
  'object.spec.list.all(a, a.matches(object.metadata.annotations.nested))',
  'object.metadata.annotations.text.findAll("a*z|a").size() == 1',
  'object.spec.list.all(a, object.metadata.annotations == oldObject.metadata.annotations)',
  'object.spec.lists == object.spec.lists.map(x, x)',
  'object.spec.list.all(a, size(object.metadata.annotations) > 0)',
  'object.spec.list.all(a, size(object.spec.nulls) == 0)',
  'object.spec.lists.flatten(5).distinct().size() > 0',
  'object.spec.lists.map(x, x.sort()).size() > 0',
  'object.spec.list.all(a, sets.contains(object.spec.list, object.spec.list))',
  'object.spec.list.all(a, "%s".format([object.spec.lists]) != "")',
  'object.spec.list.all(a, timestamp("2024-01-01T00:00:00Z").getHours(a) >= 0 || true)',
  `object.spec.list.all(a, url("http://a/%41" + ${BIG}).getEscapedPath() != "")`,
  'object.spec.list.map(a, lists.range(int(a.substring(1)) + 100000)).size() > 1',
];

/** Expressions that only look dear: their answer comes in time. */
const CHEAP: readonly (readonly [string, string])[] = [
  [`${BIG}.contains(object.metadata.annotations.needle)`, 'violation'],
  [`${BIG}.lastIndexOf(object.metadata.annotations.needle) > 5`, 'violation'],
  [`${BIG}.split(object.metadata.annotations.needle).size() == 0`, 'violation'],
  ['object.spec.deep == oldObject.spec.deep.map(x, x)', 'unknown'],
  ['"%s".format([object.spec.deep]) == ""', 'unknown'],
  ['quantity(object.metadata.annotations.exponent).sign() == 0', 'violation'],
  [`isQuantity(${BIG}) || isSemver(${BIG}) || isIP(${BIG})`, 'violation'],
];

interface TimedCheck {
  readonly problems: readonly Problem[];
  readonly milliseconds: number;
}

/** Of this thread, since the machine may be busy with other things. */
function timedCheck(expression: string, object: JsonObject): TimedCheck {
  const program = compileProgram({ expression });
  if (!program.ok) throw new Error(JSON.stringify(program.faults));
  const subject = subjectOf(object);
  program.value.check(subject);
  const before = process.threadCpuUsage();
  const problems = program.value.check(subject);
  const { user, system } = process.threadCpuUsage(before);
  return { problems, milliseconds: (user + system) / 1000 };
}

/** Of some ten in quiet; without a budget they are minutes. */
const MAX_MILLISECONDS = 1000;

describe('an expression that would take too long', () => {
  test.each(DEAR)('is unknown, and soon: %s', (expression) => {
    const { problems, milliseconds } = timedCheck(expression, OBJECT);
    expect(problems).toMatchObject([
      {
        state: 'unknown',
        message: expect.stringMatching(new RegExp(`: the evaluation takes more than ${MAX_STEPS} steps$`)),
      },
    ]);
    expect(milliseconds).toBeLessThan(MAX_MILLISECONDS);
  });

  test.each(CHEAP)('%s has its answer: %s', (expression, state) => {
    const { problems, milliseconds } = timedCheck(expression, OBJECT);
    expect(problems.map((problem) => problem.state)).toEqual([state]);
    expect(milliseconds).toBeLessThan(MAX_MILLISECONDS);
  });
});

describe('thousands of containers', () => {
  test('have a share of one budget each, and are unknown one by one, so that none is excused for another', () => {
    const { problems, milliseconds } = timedCheck(
      'object.spec.containers.exists_one(c, c.name == container.name)',
      MANY,
    );
    expect(problems.length).toBeGreaterThan(4900);
    expect(new Set(problems.map(({ container }) => container)).size).toBe(problems.length);
    for (const { message } of problems) expect(message).toMatch(/: the evaluation takes more than 200 steps$/);
    expect(problems.every(({ state }) => state === 'unknown')).toBe(true);
    expect(milliseconds).toBeLessThan(MAX_MILLISECONDS);
  });

  test('beyond the limit are not evaluated', () => {
    const spec = { containers: Array.from({ length: 50_000 }, (_, index) => ({ name: `c${index}` })) };
    expect(() => timedCheck('container.name != "x"', { ...OBJECT, spec })).toThrow(
      new ShapeError('', 'at most 10000 containers', 'more'),
    );
  });

  test('can all be asked something simple', () => {
    const { problems, milliseconds } = timedCheck('image.tag.startsWith("v") && container.name == image.tag', MANY);
    expect(problems).toEqual([]);
    expect(milliseconds).toBeLessThan(MAX_MILLISECONDS);
  });
});
