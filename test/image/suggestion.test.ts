/** Suggestions: a near name is suggested, an unrelated short one is not. */
import { describe, expect, test } from 'vitest';
import { didYouMean, didYouMeanKey } from '../../src/image/suggestion.ts';

describe('didYouMean', () => {
  test.each<[string, string, boolean]>([
    ['', 'a', false],
    ['a', 'b', false],
    ['allow', 'allow', true],
    ['quite-different', 'allow', false],
    ['ImageList', 'ImageNameList', true],
    ['A', 'a', true],
    ['xs', 'os', false],
    ['foo', 'bool', false],
    ['bol', 'bool', true],
    ['tog', 'tag', true],
    ['cpuu', 'cpu', true],
    ['bsae', 'base', true],
    ['port', 'cert', false],
    ['prot', 'port', true],
    ['prot', 'cert', false],
    ['imgae', 'image', true],
    ['pots', 'port', false],
    ['alow', 'allow', true],
    ['deployment', 'Deployment', true],
    ['image-registy', 'image-registry', true],
    ['image-x', 'image-registry', false],
    ['x'.repeat(61), 'x'.repeat(60), false],
  ])('%s, %s: %s', (text, candidate, suggested) => {
    expect(didYouMean(text, [candidate])).toBe(suggested ? `; did you mean "${candidate}"?` : '');
  });

  test('suggests the nearest of several', () => {
    expect(didYouMean('namespacesele', ['namespaceSelector', 'namespaces'])).toBe('; did you mean "namespaces"?');
    expect(didYouMean('image-tgs', ['image-age', 'image-tag'])).toBe('; did you mean "image-tag"?');
    expect(didYouMean('x', [])).toBe('');
  });
});

describe('didYouMeanKey', () => {
  test.each<[string, readonly string[], string]>([
    ['logging', ['listen', 'logLevel'], '; did you mean "logLevel"?'],
    ['listn', ['listen', 'logLevel'], '; did you mean "listen"?'],
    ['clientKey', ['clientCa', 'clientNames', 'listen'], ''],
    ['certificate', ['cert', 'certsDir'], ''],
    ['proxy', ['listen', 'logLevel'], ''],
  ])('%s', (text, candidates, suggestion) => {
    expect(didYouMeanKey(text, candidates)).toBe(suggestion);
  });
});
