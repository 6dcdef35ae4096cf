/** CEL as the API server has it: each answer in the table was given by Kubernetes (test/oracle/cel.test.ts asks it again). */
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/cel/compile.ts';
import { MAX_STEPS } from '../../src/cel/budget.ts';
import { evaluateExpression } from './evaluate-expression.ts';
import { ANSWERS, OBJECT } from './answers.ts';

const given = (expression: string, object: unknown = OBJECT): string => {
  const { outcome, text } = evaluateExpression(expression, object);
  return outcome === 'value' ? text : 'refused';
};

describe.each(Object.entries(Object.groupBy(ANSWERS, ({ section }) => section)))('%s', (_section, rows = []) => {
  test.each(rows.map(({ expression, expected }) => [expression, expected] as const))('%s', (expression, expected) => {
    expect(given(expression)).toBe(expected);
  });
});

describe('what Kubernetes would refuse, or answer otherwise:', () => {
  test.each<[string, string, string]>([
    ["[1, 'a'].size()", '2', 'a list may have elements of several types'],
    ["object.s in ['x', object.s]", 'true', 'a list may have elements of several types'],
    ['cel.bind(x, 5, x + x)', '10', 'cel.bind is a macro of cel-go that the API server has not turned on'],
    ["'héllo'.reverse()", '"olléh"', 'of a later version of the string functions'],
    ["quantity('-2').sign()", '-1', 'documented as a method, and there a function'],
    ['quantity(object.n)', 'quantity(5)', 'a file has bare numbers where the API server has made texts of them'],
    ['quantity(0.5)', 'quantity(0.5)', 'a file has bare numbers where the API server has made texts of them'],
    ["b'é'", 'refused', 'the parser takes characters for bytes, so only plain ones are let in'],
    ["{?'a': optional.of(1)}", 'refused', 'the parser has no optional entries'],
    ['.5', 'refused', 'the parser wants a digit before the point'],
    ["double('0x1p-2')", 'refused', 'no hexadecimal doubles'],
  ])('%s is %s: %s', (expression, expected) => {
    expect(given(expression)).toBe(expected);
  });
});

describe('a key that is null', () => {
  const object = { a: null, l: [null], m: { x: null, y: 1 } };

  test.each([
    ['has(object.a)', 'false'],
    ['object.a == null', 'refused'],
    ['object.?a', 'none'],
    ["'a' in object", 'false'],
    ['size(object.m)', '1'],
    ['object.m', '{"y": 1}'],
    ['object.m == {"y": 1}', 'true'],
    ['object.l[0] == null', 'true'],
  ])('is absent, as after the decoding of the API server: %s is %s', (expression, expected) => {
    expect(given(expression, object)).toBe(expected);
  });
});

describe('keys that JavaScript knows', () => {
  const object: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "m": {}}');

  test.each([
    ['object.constructor', '2'],
    ['object["__proto__"].x', '1'],
    ['object.m.constructor', 'refused'],
    ['has(object.m.toString)', 'false'],
    ['object.m["__proto__"]', 'refused'],
    ['object.m.?hasOwnProperty', 'none'],
    ['{"__proto__": 1}["__proto__"]', '1'],
    ['{"a": 1}.?constructor', 'none'],
    ['object.m.x.valueOf()', 'refused'],
  ])('are keys like any other: %s is %s', (expression, expected) => {
    expect(given(expression, object)).toBe(expected);
  });
});

test('numbers of JSON are ints where they are whole and fit, else doubles', () => {
  const object: unknown = JSON.parse('{"a": 1, "b": 1.5, "c": 1e20, "d": -0, "e": 9007199254740991, "f": 1e18}');
  const types = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => given(`[type(object.${key}), object.${key}]`, object));
  expect(types).toEqual([
    '[type(int), 1]',
    '[type(double), double(1.5)]',
    '[type(double), double(1e+20)]',
    '[type(int), 0]',
    '[type(int), 9007199254740991]',
    '[type(int), 1000000000000000000]',
  ]);
});

test('what is constant is computed when the policy loads', () => {
  const code = compileExpression("quantity('1Ki').add(1)", {
    globals: new Map(),
    variables: new Map(),
    uses: new Set(),
  });
  expect(code.constant).toEqual({ tag: 'quantity', nanos: 1025_000_000_000n, whole: true });
});

test('steps are counted, and an expression that takes too many has no answer', () => {
  const list = { l: Array.from({ length: 1000 }, (_, index) => index) };
  expect(evaluateExpression('object.l.all(x, object.l.all(y, x + y >= 0))', list)).toEqual({
    outcome: 'budget',
    text: `the evaluation takes more than ${MAX_STEPS} steps`,
  });
  expect(evaluateExpression('object.l.all(x, x >= 0)', list)).toEqual({ outcome: 'value', text: 'true' });
});
