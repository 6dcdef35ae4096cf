import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  escapeSegment,
  fieldPath,
  locationsAt,
  pointerSegments,
  pointerTo,
  ShapeError,
  shownPointer,
} from '../../src/pod/pointer.ts';

describe('pointerSegments', () => {
  test.each([
    ['', []],
    ['/', ['']],
    ['/spec/containers/0', ['spec', 'containers', '0']],
    ['/a~1b/~0c/~01', ['a/b', '~c', '~1']],
  ])('%j is %j', (pointer, segments) => {
    expect(pointerSegments(pointer)).toEqual(segments);
  });

  test('reverses escapeSegment', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (segments) => {
        expect(pointerSegments(segments.map((segment) => `/${escapeSegment(segment)}`).join(''))).toEqual(segments);
      }),
    );
  });
});

describe('locationsAt', () => {
  const object = { list: [{ a: 1 }, { a: 2 }, {}], map: { x: { a: 3 }, 'y/z': { a: 4 } }, none: null, text: 'abc' };
  test.each<[string, readonly string[], readonly (readonly [string, unknown])[]]>([
    ['the whole', [], [['', object]]],
    ['one element', ['list', '1', 'a'], [['/list/1/a', 2]]],
    [
      'every element',
      ['list', '*', 'a'],
      [
        ['/list/0/a', 1],
        ['/list/1/a', 2],
      ],
    ],
    [
      'every value',
      ['map', '*', 'a'],
      [
        ['/map/x/a', 3],
        ['/map/y~1z/a', 4],
      ],
    ],
    ['nothing for null', ['none', 'a'], []],
    ['nothing for what is absent', ['absent', '*', 'a'], []],
    ['nothing beyond the end of a list', ['list', '3'], []],
    ['nothing from the prototype', ['constructor'], []],
  ])('finds %s', (_what, segments, expected) => {
    expect(locationsAt(object, segments).map(({ pointer, value }) => [pointer, value])).toEqual(expected);
  });

  test.each<[unknown, readonly string[], string, string]>([
    [{ spec: 'text' }, ['spec', 'template'], '/spec', 'expected an object, found a string'],
    [{ spec: [] }, ['spec', 'template'], '/spec', 'expected an object, found a list'],
    [{ spec: [{}] }, ['spec', '00'], '/spec', 'expected an object, found a list'],
    [{ spec: 7 }, ['spec', '*'], '/spec', 'expected a list or a map, found a number'],
    [{ spec: true }, ['spec', '*', 'image'], '/spec', 'expected a list or a map, found a boolean'],
    [{ 'a/b': { c: 'text' } }, ['a/b', 'c', 'd'], '/a~1b/c', 'expected an object, found a string'],
    [{ ['k'.repeat(501)]: 1 }, ['*'], '', 'expected keys of at most 500 characters, found a key of 501'],
  ])('%j at %j is a fault at %j', (root, segments, pointer, message) => {
    expect(faultOf(() => locationsAt(root, segments))).toEqual({ pointer, message });
  });
});

test('pointerTo accepts keys of up to 500 characters', () => {
  expect(pointerTo('/spec', 'k/'.repeat(250))).toBe(`/spec/${'k~1'.repeat(250)}`);
  expect(faultOf(() => pointerTo('/spec', 'k'.repeat(501)))).toEqual({
    pointer: '/spec',
    message: 'expected keys of at most 500 characters, found a key of 501',
  });
});

test.each([
  ['', ''],
  ['/spec/containers/0/image', 'spec.containers[0].image'],
  ['/spec/tasks/build-1/image', 'spec.tasks.build-1.image'],
  ['/metadata/annotations/hooks.kubevirt.io~1hookSidecars', 'metadata.annotations["hooks.kubevirt.io/hookSidecars"]'],
  ['/0', '[0]'],
  ['/a/', 'a[""]'],
  ['/a/line\nbreak "', 'a["line\\u000abreak \\""]'],
])('the field path of %j is %j', (pointer, path) => {
  expect(fieldPath(pointer)).toBe(path);
});

test.each([
  ['/spec/a~1b/*/0', '/spec/a~1b/*/0'],
  ['/metadata/annotations/hooks.kubevirt.io~1hookSidecars', '/metadata/annotations/hooks.kubevirt.io~1hookSidecars'],
  ['/a/line\nbreak', '"/a/line\\u000abreak"'],
  ['/a/\u202egnp', '"/a/\\u202egnp"'],
  [`/${'k'.repeat(501)}`, `"/${'k'.repeat(499)}…"`],
])('%j is shown as %j', (pointer, shown) => {
  expect(shownPointer(pointer)).toBe(shown);
});

function faultOf(act: () => unknown): { readonly pointer: string; readonly message: string } | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { pointer: error.pointer, message: error.message };
  }
}
