/** What is left of a value that a schema refuses: it fits, and each part of it is found where it stood. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObject, pointerTo, valueAt } from '../../src/pod/pointer.ts';
import { schemaCheck } from '../../src/policy/schema-faults.ts';
import { validPart } from '../../src/policy/valid-part.ts';

const check = schemaCheck({
  type: 'object',
  additionalProperties: false,
  properties: {
    a: { type: 'array', items: { type: 'string', minLength: 1 } },
    'b/~': {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['c'],
        additionalProperties: false,
        properties: { c: { type: 'integer' }, d: { type: 'array', items: { enum: ['x', 'y'] } } },
      },
    },
  },
});

const element = fc.oneof(fc.constant('x'), fc.constant('y'), fc.constant(''), fc.integer(), fc.constant(null));
const entry = fc.oneof(element, fc.record({ c: element, d: fc.array(element), e: element }, { requiredKeys: [] }));
const value = fc.record(
  { a: fc.oneof(element, fc.array(element)), 'b/~': fc.array(entry), z: element },
  { requiredKeys: [] },
);

/** Of everything below a value, itself included. */
function pointersIn(root: unknown, at = ''): readonly string[] {
  if (Array.isArray(root)) return [at, ...root.flatMap((child, index) => pointersIn(child, `${at}/${index}`))];
  if (!isObject(root)) return [at];
  return [at, ...Object.entries(root).flatMap(([key, child]) => pointersIn(child, pointerTo(at, key)))];
}

test('fits the schema, and what is whole in it is what stood there', () => {
  fc.assert(
    fc.property(value, (whole) => {
      const part = validPart(whole, check);
      if (part === undefined) return;
      expect(check(part.value)).toEqual([]);
      for (const pointer of pointersIn(part.value)) {
        const place = part.placeOf(pointer);
        if (place !== undefined) expect(valueAt(part.value, pointer)).toEqual(valueAt(whole, place));
      }
    }),
  );
});

test('is all of what fits already', () => {
  const whole = { a: ['x'], 'b/~': [{ c: 1, d: ['y'] }] };
  const part = validPart(whole, check);
  expect(part).toMatchObject({ value: whole, lacking: [] });
  for (const pointer of pointersIn(whole)) expect(part?.placeOf(pointer)).toBe(pointer);
});

test.each<[string, unknown, unknown, readonly string[]]>([
  ['an unknown key', { a: ['x'], z: 1 }, { a: ['x'] }, []],
  ['an element', { a: [1, 'x', '', 'y'] }, { a: ['x', 'y'] }, ['/a/0', '/a/2']],
  [
    'a key that makes what is around it useless',
    { 'b/~': [{ c: 'x' }, { c: 1, d: ['z'] }] },
    { 'b/~': [{ c: 1, d: [] }] },
    ['/b~1~0/0/c', '/b~1~0/1/d/0', '/b~1~0/0'],
  ],
  ['all elements where one is needed', { a: ['x'], 'b/~': [7] }, { a: ['x'] }, ['/b~1~0/0', '/b~1~0']],
])('lacks %s', (_what, whole, left, lacking) => {
  expect(validPart(whole, check)).toMatchObject({ value: left, lacking });
});

test.each([[7], [null], ['x'], [[]]])('is nothing of %j', (whole) => {
  expect(validPart(whole, check)).toBeUndefined();
});
