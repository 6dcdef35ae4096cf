/** Whether a pattern matches every image of another one: a table, and random images that would disprove it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { includesPattern } from '../../src/image/inclusion.ts';
import { type ImagePattern, parsePattern, patternSet } from '../../src/image/pattern.ts';
import { parseReference } from '../../src/image/reference.ts';

function patternOf(text: string): ImagePattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.pattern;
}

const includes = (whole: string, part: string): boolean => includesPattern(patternOf(whole), patternOf(part));

test.each<readonly [whole: string, part: string, expected: boolean]>([
  ['**', 'docker.io/**', true],
  ['**', '**/nginx', true],
  ['docker.io/**', '**', false],
  ['docker.io/**', 'docker.io/**', true],
  ['docker.io/**', 'docker.io/evil/**', true],
  ['docker.io/**', 'nginx', true],
  ['docker.io/evil/**', 'docker.io/**', false],
  ['docker.io/*', 'docker.io/**', false],
  ['docker.io/*/**', 'docker.io/**', true],
  ['docker.io/*/*/**', 'docker.io/**', false],
  ['quay.io/a/*', 'quay.io/a/b-*', true],
  ['quay.io/a/b-*', 'quay.io/a/*', false],
  ['quay.io/a/*', 'quay.io/a/**', false],
  ['quay.io/**/web', 'quay.io/a/**/web', true],
  ['quay.io/**/web', 'quay.io/**/a/**/web', false],
  ['**/nginx', 'docker.io/library/nginx', true],
  ['*.example.com/**', 'a.example.com/**', true],
  ['a.example.com/**', '*.example.com/**', false],
  ['a.example.com/**', 'a.example.com:5000/**', false],
  ['docker.io/**:1.*', 'docker.io/**:1.2*', true],
  ['docker.io/**:1.*', 'docker.io/**', false],
  ['docker.io/**', 'docker.io/**:1', true],
])('%s includes %s: %s', (whole, part, expected) => {
  expect(includes(whole, part)).toBe(expected);
});

test('no image matches only the part', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '**');
  const tag = fc.constantFrom('', ':1', ':1*', ':*');
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
  const pattern = fc
    .tuple(fc.constantFrom('r.io/', '*.io/', ''), path, tag)
    .map((parts) => parts.join(''))
    .filter((text) => parsePattern(text).ok);
  const names = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba'), { minLength: 1, maxLength: 5 });
  const image = fc
    .tuple(fc.constantFrom('r.io', 's.io', 'docker.io'), names, fc.constantFrom('', ':1', ':12', ':2'))
    .map(([host, segments, end]) => `${host}/${segments.join('/')}${end}`);
  fc.assert(
    fc.property(pattern, pattern, fc.array(image, { minLength: 1, maxLength: 20 }), (whole, part, images) => {
      fc.pre(includes(whole, part));
      const [ofWhole, ofPart] = [patternSet([patternOf(whole)]), patternSet([patternOf(part)])];
      const lost = images.filter((text) => {
        const parsed = parseReference(text);
        return (
          parsed.ok && ofPart.match(parsed.reference) !== undefined && ofWhole.match(parsed.reference) === undefined
        );
      });
      expect(lost).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
