/** `{list: NAME}` among texts: what it becomes, and where the faults of what it became stand. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withListReferences } from '../../src/policy/document-schema.ts';
import { namedLists } from '../../src/policy/list.ts';
import { expandLists } from '../../src/policy/list-reference.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { DOCUMENTS, POLICY_SCHEMA } from '../../src/policy/schema.ts';
import { schemaCheck } from '../../src/policy/schema-faults.ts';

const TEXTS = { type: 'array', items: { type: 'string' } };
const SCHEMA = {
  type: 'object',
  properties: {
    texts: TEXTS,
    deep: { type: 'object', properties: { texts: TEXTS } },
    rows: { type: 'array', items: { type: 'object', properties: { list: { type: 'string' }, texts: TEXTS } } },
    kinds: { type: 'array', items: { enum: ['a', 'b'] } },
    any: {},
  },
};
const lists = namedLists([
  { name: 'one', items: ['1'] },
  { name: 'two', items: ['2', '3'] },
  { name: 'none', items: [] },
]);
const one = { list: 'one' };
const two = { list: 'two' };

describe('expandLists', () => {
  test.each<[unknown, unknown]>([
    [{ texts: ['a', two, 'b', one] }, { texts: ['a', '2', '3', 'b', '1'] }],
    [{ texts: [two, two, { list: 'none' }] }, { texts: ['2', '3', '2', '3'] }],
    [
      { deep: { texts: [one] }, texts: ['a'] },
      { deep: { texts: ['1'] }, texts: ['a'] },
    ],
    [
      { rows: [{ list: 'one', texts: [one] }, { list: 'two' }] },
      { rows: [{ list: 'one', texts: ['1'] }, { list: 'two' }] },
    ],
    // Nowhere else is it a reference, and a text is never one.
    [
      { kinds: [one], any: [one], other: [one] },
      { kinds: [one], any: [one], other: [one] },
    ],
    [{ texts: ['one', '{list: one}', 'list:one'] }, { texts: ['one', '{list: one}', 'list:one'] }],
    [{ texts: one }, { texts: one }],
    [{ texts: [1, null, [one], two] }, { texts: [1, null, [one], '2', '3'] }],
    ['text', 'text'],
    [null, null],
  ])('makes of %j %j', (value, expanded) => {
    expect(expandLists(value, SCHEMA, lists)).toMatchObject({ value: expanded, faults: [] });
  });

  test('leaves what has no reference in it as it is, the very same object', () => {
    const value = { texts: ['a'], deep: { texts: [] } };
    expect(expandLists(value, SCHEMA, lists).value).toBe(value);
  });

  test('gives the same array to all who write the same, so that it is compiled once', () => {
    const expanded = (texts: readonly unknown[]): unknown =>
      (expandLists({ texts }, SCHEMA, lists).value as { texts: unknown }).texts;
    expect(expanded([two])).toBe(expanded([two]));
    expect(expanded(['a', two])).toBe(expanded(['a', two]));
    expect(expanded(['a', two])).not.toBe(expanded([two, 'a']));
  });

  test('does not take keys of objects for keys of schemas', () => {
    const value: unknown = JSON.parse(
      '{"__proto__": {"texts": [{"list": "one"}]}, "constructor": [{"list": "one"}], "texts": [{"list": "one"}]}',
    );
    const expanded = expandLists(value, SCHEMA, lists).value;
    expect(JSON.stringify(expanded)).toBe(
      '{"__proto__":{"texts":[{"list":"one"}]},"constructor":[{"list":"one"}],"texts":["1"]}',
    );
  });
});

describe('a fault of an expanded value', () => {
  test('is brought back to where it was written', () => {
    const part = fc.oneof(fc.constantFrom('a', 'b'), fc.constantFrom(one, two, { list: 'none' }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (texts) => {
        const { value, trace } = expandLists({ texts }, SCHEMA, lists);
        const expanded = (value as { texts: readonly string[] }).texts;
        for (const [index, text] of expanded.entries()) {
          const [fault] = trace([{ pointer: `/texts/${index}`, problem: 'p', at: 'value' }]);
          const element = texts[Number((fault?.list?.usedAt ?? fault?.pointer)?.split('/').at(-1))];
          if (fault?.list === undefined) expect(element).toBe(text);
          else {
            expect(element).toEqual({ list: fault.list.name });
            const found = lists.find(fault.list.name);
            expect('items' in found && found.items[Number(fault.pointer.split('/').at(-1))]).toBe(text);
          }
        }
      }),
    );
  });

  test('elsewhere keeps its place', () => {
    const { trace } = expandLists({ texts: [two] }, SCHEMA, lists);
    for (const pointer of ['', '/texts', '/deep/texts/0', '/rows/0']) {
      const fault = { pointer, problem: 'p', at: 'value' as const };
      expect(trace([fault])).toEqual([fault]);
    }
  });

  test('reports no faults of a list with an invalid reference', () => {
    const { value, faults, trace } = expandLists({ texts: [{ list: 'nope' }] }, SCHEMA, lists);
    expect(value).toEqual({ texts: [] });
    expect(faults).toEqual([
      {
        pointer: '/texts/0/list',
        problem: 'unknown list "nope"; did you mean "none"? (all lists: one, two, none)',
        at: 'value',
      },
    ]);
    expect(trace([{ pointer: '/texts', problem: 'must not be empty', at: 'value' }])).toEqual([]);
  });
});

describe('the schemas as people write documents', () => {
  const ajv = new Ajv2020({ strict: false });
  const document = (parameters: object, match: object): object => ({
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'x' },
    spec: { match, rules: [{ rule: 'image-registry', parameters }] },
  });

  test('accept references where texts are, and nowhere else', () => {
    const accepts = ajv.compile(DOCUMENTS.ImagePolicy.schema);
    expect(accepts(document({}, { namespaces: ['a', { list: 'b' }] }))).toBe(true);
    expect(accepts(document({}, { namespaces: [{ lists: 'b' }] }))).toBe(false);
    expect(accepts(document({}, { containers: [{ list: 'b' }] }))).toBe(false);
    expect(schemaCheck(POLICY_SCHEMA)(document({}, { namespaces: [{ list: 'b' }] }))).not.toEqual([]);
  });

  test('accept them in the parameters of every rule that takes texts', () => {
    const accepting = RULES.filter(({ parameters }) => {
      const keys = Object.entries(parameters.properties).flatMap(([key, schema]) => ('items' in schema ? [key] : []));
      const accepts = ajv.compile(withListReferences(parameters));
      return keys.length > 0 && accepts(Object.fromEntries(keys.map((key) => [key, [{ list: 'a' }]])));
    });
    expect(accepting.map(({ name }) => name)).toEqual(expect.arrayContaining(['image-registry', 'image-tag']));
  });

  test('are JSON Schemas, with a description on every key', () => {
    const bare: string[] = [];
    const walk = (schema: unknown, at: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, child] of Object.entries(schema)) {
        if (key !== 'properties') {
          walk(child, `${at}/${key}`);
          continue;
        }
        for (const [name, property] of Object.entries(child as Record<string, object>)) {
          if (!('description' in property)) bare.push(`${at}/${name}`);
          walk(property, `${at}/${name}`);
        }
      }
    };
    for (const [kind, { schema }] of Object.entries(DOCUMENTS)) {
      expect(ajv.validateSchema(schema)).toBe(true);
      walk(schema, kind);
    }
    expect(bare).toEqual([]);
  });
});
