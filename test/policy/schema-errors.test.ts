/** The errors of our own validator against those of Ajv. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaErrors } from '../../src/policy/schema-errors.ts';

const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, logger: false });

function compared(schema: object, value: unknown): { readonly ours: unknown; readonly ajv: unknown } {
  const validate = ajv.compile(schema);
  validate(value);
  const expected = (validate.errors ?? []).map(({ keyword, instancePath, params, data, parentSchema, schemaPath }) => ({
    keyword,
    instancePath,
    data,
    parentSchema,
    params: 'comparison' in params ? { limit: params['limit'] } : params,
    ofBranch: schemaPath.includes('/anyOf/'),
  }));
  const found = schemaErrors(schema, value).map(({ keyword, instancePath, params, data, parentSchema, ofBranch }) => ({
    keyword,
    instancePath,
    data,
    parentSchema,
    params,
    ofBranch,
  }));
  return { ours: found, ajv: expected };
}

const KEYS = ['a', 'b', 'c/d', 'e~f'];
const TEXTS = ['', 'a', 'ab', '😀', 'é😀', '😀😀'];
const scalar = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, true, false, null),
);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 3 }),
  ),
}));

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const limit = fc.integer({ min: 0, max: 2 });

type Schemas = { readonly schema: object; readonly member: object | boolean };

const { schema } = fc.letrec<Schemas>((tie) => {
  const keywords = {
    type: fc.oneof(
      fc.constantFrom(...TYPES),
      fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 2, maxLength: 3 }),
    ),
    const: scalar,
    enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }),
    anyOf: fc.array(tie('member'), { minLength: 1, maxLength: 2 }),
    oneOf: fc.array(tie('member'), { minLength: 1, maxLength: 3 }),
    maximum: limit,
    minimum: limit,
    maxLength: limit,
    minLength: limit,
    pattern: fc.constantFrom('^a', '😀$'),
    maxItems: limit,
    minItems: limit,
    items: tie('member'),
    minProperties: limit,
    hint: fc.constant('a hint'),
    required: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 }),
    additionalProperties: tie('member'),
    properties: fc.dictionary(fc.constantFrom(...KEYS), tie('member'), { maxKeys: 3 }),
  };
  const some = fc.subarray(Object.entries(keywords), { minLength: 1, maxLength: 5 });
  return {
    schema: some.chain((entries) => fc.record(Object.fromEntries(entries))),
    member: fc.oneof({ maxDepth: 3 }, fc.boolean(), tie('schema')),
  };
});

test('reports the errors of Ajv in the same order', () => {
  fc.assert(
    fc.property(schema, value, (ofRun, data) => {
      const { ours, ajv: expected } = compared(ofRun, data);
      expect(ours).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test.each([
  [{ minLength: 2 }, '😀', 1],
  [{ maxLength: 1 }, '😀', 0],
])('counts code points: %j', (ofRow, data, count) => {
  const { ours, ajv: expected } = compared(ofRow, data);
  expect(ours).toEqual(expected);
  expect(ours).toHaveLength(count);
});

describe('messages that faults show', () => {
  test.each([
    ['a pattern', { pattern: '^a' }, 'b', 'must match pattern "^a"'],
    ['anyOf', { anyOf: [{ type: 'null' }] }, 'b', 'must match a schema in anyOf'],
    ['oneOf', { oneOf: [false] }, 'b', 'must match exactly one schema in oneOf'],
    ['a key that is never allowed', { properties: { a: false } }, { a: 1 }, 'boolean schema is false'],
  ])('%s', (_name, ofRow, data, message) => {
    const validate = ajv.compile(ofRow);
    validate(data);
    expect(validate.errors?.at(-1)?.message).toBe(message);
    expect(schemaErrors(ofRow, data).at(-1)?.message).toBe(message);
  });
});

test.each([{ format: 'date' }, { properties: { a: { uniqueItems: true } } }, { items: { $ref: '#' } }])(
  'throws for a keyword that it does not know: %j',
  (unknown) => {
    expect(() => schemaErrors(unknown, null)).toThrow(/^JSON Schema: unknown keyword (format|uniqueItems|\$ref)$/);
  },
);
