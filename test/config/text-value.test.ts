/** The schema of a key checks the texts of its variable and its flag, so a key needs no parser. */
import { describe, expect, test } from 'vitest';
import { defaultText, type ValueSchema } from '../../src/config/key.ts';
import { parseTexts } from '../../src/config/text-value.ts';

const RANGE = { type: 'number', minimum: 0.5, maximum: 9 };
const WHOLE = { type: 'integer', minimum: 1 };
const LEVEL = { enum: ['low', 'high'] };
const DURATION = { type: 'string', pattern: '^\\d+s$', hint: 'a duration, for example 60s' };

describe('a text', () => {
  test.each<[ValueSchema, string | readonly string[], unknown]>([
    [{ type: 'number' }, '3', 3],
    [{ type: 'number' }, '-3.25', -3.25],
    [RANGE, '0.5', 0.5],
    [WHOLE, '12', 12],
    [{ type: 'boolean' }, 'true', true],
    [{ type: 'boolean' }, 'false', false],
    [LEVEL, 'low', 'low'],
    [DURATION, '60s', '60s'],
    [{ type: 'string' }, '12', '12'],
    [{ type: 'array', items: WHOLE }, ['1', '2'], [1, 2]],
    [{ type: 'array', items: { type: 'string' } }, ['1', 'a'], ['1', 'a']],
  ])('%j: %j is %j', (schema, text, value) => {
    expect(parseTexts(schema, text, '--x')).toEqual(value);
  });

  test.each<[ValueSchema, string | readonly string[], string]>([
    [{ type: 'number' }, 'abc', 'expected a number, found "abc"'],
    [{ type: 'number' }, 'NaN', 'expected a number, found "NaN"'],
    [{ type: 'number' }, '0x10', 'expected a number, found "0x10"'],
    [{ type: 'number' }, ' 1', 'expected a number, found " 1"'],
    [RANGE, '9.5', 'expected a number from 0.5 to 9, found "9.5"'],
    [WHOLE, '0', 'expected a whole number of at least 1, found "0"'],
    [WHOLE, '1.5', 'expected a whole number of at least 1, found "1.5"'],
    [WHOLE, '2.0', 'expected a whole number of at least 1, found "2.0"'],
    [{ type: 'integer', maximum: 5 }, '6', 'expected a whole number of at most 5, found "6"'],
    [{ type: 'integer' }, '9'.repeat(400), `expected a whole number, found "${'9'.repeat(400)}"`],
    [{ type: 'boolean' }, 'yes', 'expected true or false, found "yes"'],
    [LEVEL, 'loud', 'expected "low" or "high", found "loud"'],
    [DURATION, '1d', 'expected a duration, for example 60s, found "1d"'],
    [{ type: 'string', pattern: '^a' }, 'b', 'expected text that matches ^a, found "b"'],
    [{ type: 'string', minLength: 1 }, '', 'expected text that is not empty, found ""'],
    [{ type: 'array', items: WHOLE }, ['1', 'x'], 'expected a whole number of at least 1, found "x"'],
  ])('%j rejects %j with the name of the variable or the flag', (schema, text, problem) => {
    const [shown] = problem.split(', found "9');
    for (const from of ['--x', 'TIDEWAITER_X'])
      expect(() => parseTexts(schema, text, from)).toThrow(`${from}: ${shown ?? problem}`);
  });
});

test.each<[ValueSchema, string | undefined]>([
  [{ default: 8080 }, '8080'],
  [{ default: 'certs' }, 'certs'],
  [{ default: false }, 'false'],
  [{ default: [] }, undefined],
  [{}, undefined],
])('the default of %j in help is %j', (schema, text) => {
  expect(defaultText(schema)).toBe(text);
});
