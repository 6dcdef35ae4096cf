/** Keys of credential files, and the repositories of images that they are compared with. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageHostPath, parseHostPath } from '../../src/credential/registry-key.ts';
import { parseReference } from '../../src/image/reference.ts';
import { imageString } from '../image/image-strings.ts';

test('the parts of an image equal those of its repository as a URL', () => {
  const special = [
    '[::1]/a',
    '[::1]:5000/a',
    '[1:2]/a',
    'exa_mple.com/x',
    'localhost/x',
    'Registry.io:0443/a/b',
    'a:5000/b',
    'a',
  ];
  fc.assert(
    fc.property(fc.oneof(imageString, fc.constantFrom(...special)), (text) => {
      const parsed = parseReference(text);
      fc.pre(parsed.ok);
      expect(imageHostPath(parsed.reference)).toEqual(parseHostPath(parsed.reference.repository));
    }),
    { numRuns: 2000 },
  );
});
