import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compileGlob, compileGlobs } from '../../src/image/glob.ts';
import { naiveGlob } from './naive-match.ts';

describe('compileGlob', () => {
  test.each([
    ['latest', 'latest'],
    ['*', ''],
    ['*', 'anything, with / and : and \n'],
    ['**', 'a'],
    ['v*', 'v'],
    ['v*', 'v1.2.3'],
    ['*-dev', '1-dev'],
    ['1.*-alpine*', '1.27-alpine3.20'],
    ['a*a', 'aa'],
    ['*aab*', 'aaab'],
    ['*ab*ab', 'ababab'],
    ['system:serviceaccount:*:deployer', 'system:serviceaccount:shop:deployer'],
    ['', ''],
  ])('%j matches %j', (glob, text) => {
    expect(compileGlob(glob)(text)).toBe(true);
  });

  test.each([
    ['latest', 'latest2'],
    ['latest', 'Latest'],
    ['v*', 'xv1'],
    ['*-dev', '1-dev2'],
    ['a*a', 'a'],
    ['aa*aa', 'aaa'],
    ['*ab*ab', 'ab'],
    ['a*b*c', 'acb'],
    ['a.c', 'abc'],
    ['a?c', 'abc'],
    ['[ab]', 'a'],
    ['', 'a'],
  ])('%j does not match %j', (glob, text) => {
    expect(compileGlob(glob)(text)).toBe(false);
  });

  test('agrees with a recursive definition of the star', () => {
    fc.assert(
      fc.property(few('a', 'b', '*'), few('a', 'b'), (glob, text) => {
        expect(compileGlob(glob)(text)).toBe(naiveGlob(glob, text));
      }),
      { numRuns: 5000 },
    );
  });

  test('takes little time for a glob that causes backtracking', () => {
    expect(compileGlob('*a'.repeat(200) + '*b')('a'.repeat(100_000))).toBe(false);
    expect(compileGlob('*ab'.repeat(200))(`${'a'.repeat(100_000)}b`)).toBe(false);
  });
});

describe('compileGlobs', () => {
  test('matches if any of its globs matches', () => {
    const glob = few('a', 'b', '*');
    fc.assert(
      fc.property(fc.array(glob, { maxLength: 4 }), few('a', 'b'), (globs, text) => {
        expect(compileGlobs(globs)(text)).toBe(globs.some((one) => naiveGlob(one, text)));
      }),
      { numRuns: 3000 },
    );
  });

  test('compiles a list once', () => {
    const globs = ['a', 'b*'];
    expect(compileGlobs(globs)).toBe(compileGlobs(globs));
    expect(compileGlobs([...globs])).not.toBe(compileGlobs(globs));
  });
});

function few(...characters: string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((list) => list.join(''));
}
