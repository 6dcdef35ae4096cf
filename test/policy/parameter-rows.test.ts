import { describe, expect, test } from 'vitest';
import { parameterRows } from '../../src/policy/parameter-rows.ts';
import type { ValueSchema } from '../../src/policy/parameters.ts';

describe('the parameters of a rule in words', () => {
  test.each<[ValueSchema, string]>([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer', minimum: 0, maximum: 365 }, 'whole number from 0 to 365'],
    [{ type: 'integer', minimum: 1 }, 'whole number, at least 1'],
    [{ type: 'number', maximum: 1 }, 'number, at most 1'],
    [{ enum: ['a', 'b'] }, 'one of a, b'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, 'list of a, b'],
    [{ type: 'array', items: { type: 'object' } }, 'list of objects'],
    [{ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }, 'string or list of strings'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'map of strings'],
    [{}, 'value'],
  ])('%j is a %s', (schema, expected) => {
    const [row] = parameterRows({ type: 'object', additionalProperties: false, properties: { p: schema } });
    expect(row?.type).toBe(expected);
  });

  test('go down into objects and lists of objects', () => {
    const key: ValueSchema = {
      type: 'object',
      required: ['pem'],
      properties: { pem: { type: 'string', description: 'The key' } },
    };
    const rows = parameterRows({
      type: 'object',
      additionalProperties: false,
      required: ['keys'],
      properties: { keys: { type: 'array', items: key, description: 'Keys' }, one: { ...key, default: {} } },
    });
    expect(rows).toEqual([
      { name: 'keys', type: 'list of objects', required: true, default: undefined, description: 'Keys' },
      { name: 'keys[].pem', type: 'string', required: true, default: undefined, description: 'The key' },
      { name: 'one', type: 'object', required: false, default: '{}', description: '' },
      { name: 'one.pem', type: 'string', required: true, default: undefined, description: 'The key' },
    ]);
  });
});
