/** The type of the values that a schema accepts, and the defaults that the type relies on. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type FromSchema, type ParameterSchema, type ValueSchema, withDefaults } from '../../src/policy/parameters.ts';
import { defineRule } from '../../src/policy/rule.ts';
import { findingsOf, pod, policyOf, read, requestFor, findingTexts } from './fixtures.ts';

describe('the type of parameters', () => {
  const SCHEMA = {
    type: 'object',
    additionalProperties: false,
    required: ['label'],
    properties: {
      label: { type: 'string', minLength: 1 },
      limit: { type: 'integer', default: 3 },
      share: { type: 'number' },
      strict: { type: 'boolean', default: false },
      when: { enum: ['latest', 'all'], default: 'all' },
      version: { const: 1 },
      names: { type: 'array', items: { type: 'string' } },
      mixed: { type: ['string', 'null'] },
      place: {
        type: 'object',
        additionalProperties: false,
        required: ['host'],
        properties: { host: { type: 'string' }, port: { type: 'integer', default: 443 }, path: { type: 'string' } },
      },
      owners: { type: 'object', additionalProperties: { type: 'array', items: { enum: ['a', 'b'] } } },
      anything: { description: 'No type, so nothing is known of it' },
    },
  } as const satisfies ParameterSchema;

  test('follows objects, lists, scalars, enums, constants, what is required and what has a default', () => {
    type Parameters = FromSchema<typeof SCHEMA>;
    expectTypeOf<Parameters>().toEqualTypeOf<{
      readonly label: string;
      readonly limit: number;
      readonly share?: number;
      readonly strict: boolean;
      readonly when: 'latest' | 'all';
      readonly version?: 1;
      readonly names?: readonly string[];
      readonly mixed?: string | null;
      readonly place?: { readonly host: string; readonly port: number; readonly path?: string };
      readonly owners?: { readonly [name: string]: readonly ('a' | 'b')[] };
      readonly anything?: unknown;
    }>();
  });

  const shared = { name: 'typed', description: 'For tests', parameters: SCHEMA, needs: [] } as const;

  test('is the type that check receives without prepare', () => {
    const rule = defineRule({
      ...shared,
      check(_subject, parameters) {
        expectTypeOf(parameters).toEqualTypeOf<FromSchema<typeof SCHEMA>>();
        return [];
      },
    });
    expect(rule.bind({ label: 'a' })).toMatchObject({ ok: true });
  });

  test('is what prepare gets, and check gets what prepare makes of it', () => {
    const rule = defineRule({
      ...shared,
      prepare(parameters) {
        expectTypeOf(parameters).toEqualTypeOf<FromSchema<typeof SCHEMA>>();
        return { ok: true, value: new Set(parameters.names) };
      },
      check(_subject, names) {
        expectTypeOf(names).toEqualTypeOf<Set<string>>();
        return [];
      },
    });
    expect(rule.bind({ label: 'a' })).toMatchObject({ ok: true });
  });

  test('is inferred from a schema in the definition', () => {
    const rule = defineRule({
      name: 'inline',
      description: 'For tests',
      parameters: {
        type: 'object',
        additionalProperties: false,
        required: ['names'],
        properties: { names: { type: 'array', items: { type: 'string' } }, most: { type: 'integer', default: 1 } },
      },
      needs: [],
      check(_subject, parameters) {
        expectTypeOf(parameters).toEqualTypeOf<{ readonly names: readonly string[]; readonly most: number }>();
        return [];
      },
    });
    expect(rule.bind({ names: [] })).toMatchObject({ ok: true });
  });
});

describe('defaults', () => {
  const rule = defineRule({
    name: 'defaults',
    description: 'Says what parameters it has got',
    parameters: {
      type: 'object',
      additionalProperties: false,
      properties: {
        most: { type: 'integer', default: 3 },
        place: {
          type: 'object',
          additionalProperties: false,
          properties: { host: { type: 'string', default: 'localhost' }, port: { type: 'integer' } },
        },
        places: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            properties: { port: { type: 'integer', default: 443 } },
          },
        },
      },
    },
    needs: [],
    check: (_subject, parameters) => [
      { state: 'violation', container: undefined, pointer: '', message: JSON.stringify(parameters) },
    ],
  });
  const got = (parameters: string): readonly string[] =>
    findingTexts(
      findingsOf(
        [policyOf(`{rules: [{rule: defaults${parameters}}]}`, [rule])],
        requestFor(pod('{containers: [{name: a, image: a}]}')),
      ),
    );

  test.each<[string, string]>([
    ['', '{"most":3}'],
    [', parameters: {}', '{"most":3}'],
    [', parameters: {most: 1}', '{"most":1}'],
    [', parameters: {place: {port: 1}}', '{"place":{"port":1,"host":"localhost"},"most":3}'],
    [', parameters: {places: [{}, {port: 1}]}', '{"places":[{"port":443},{"port":1}],"most":3}'],
  ])('complete "%s"', (parameters, expected) => {
    expect(got(parameters)).toEqual([`-: ${expected} | -`]);
  });

  test('do not replace a value of a wrong type', () => {
    expect(read('{rules: [{rule: defaults, parameters: {most: x}}]}', [rule])).toMatchObject({
      ok: false,
      faults: [{ pointer: '/spec/rules/0/parameters/most', problem: 'expected a whole number, found a string' }],
    });
  });

  test('leave the values of the policy and the schema as they are, whatever their keys are called', () => {
    const names = fc.constantFrom('a', 'b', '__proto__', 'constructor');
    const values = fc.dictionary(names, fc.oneof(fc.integer(), fc.dictionary(names, fc.integer())), {
      noNullPrototype: false,
    });
    fc.assert(
      fc.property(values, values, (given, standard) => {
        const schema: ValueSchema = {
          properties: Object.fromEntries(Object.entries(standard).map(([name, value]) => [name, { default: value }])),
        };
        const before = structuredClone({ given, schema });
        const complete = withDefaults(schema, given) as object;
        expect({ given, schema }).toEqual(before);
        expect(new Map(Object.entries(complete))).toEqual(
          new Map([...Object.entries(standard), ...Object.entries(given)]),
        );
        expect(Object.getPrototypeOf(complete)).toBe(Object.prototype);
      }),
    );
  });
});
