/**
 * Which images a credential provider is asked for: the rows of the kubelet's own test (keyring_test.go, TestURLsMatch), and
 * odd ones.
 */
import { describe, expect, test } from 'vitest';
import { imageMatch } from '../../src/credential/image-match.ts';

describe('matchImages', () => {
  test.each<[string, string, boolean]>([
    ['*.kubernetes.io', 'prefix.kubernetes.io', true],
    ['prefix.*.io', 'prefix.kubernetes.io', true],
    ['prefix.kubernetes.*', 'prefix.kubernetes.io', true],
    ['*-good.kubernetes.io', 'prefix-good.kubernetes.io', true],
    ['*.kubernetes.io/blah', 'prefix.kubernetes.io/blah', true],
    ['prefix.*.io/foo', 'prefix.kubernetes.io/foo/bar', true],
    ['*.kubernetes.io:1111/blah', 'prefix.kubernetes.io:1111/blah', true],
    ['prefix.*.io:1111/foo', 'prefix.kubernetes.io:1111/foo/bar', true],
    ['*.kubernetes.io', 'kubernetes.io', false],
    ['*.*.kubernetes.io', 'prefix.kubernetes.io', false],
    ['*.*.kubernetes.io', 'kubernetes.io', false],
    ['*kubernetes.io', 'a.kubernetes.io', false],
    ['*kubernetes.io', 'kubernetes.io', true],
    ['*.*.*.kubernetes.io', 'a.b.c.kubernetes.io', true],
    ['kubernetes.io', 'kubernetes.com', false],
    ['k*.io', 'quay.io', false],
    ['*.kubernetes.io:1234/blah', 'prefix.kubernetes.io:1111/blah', false],
    ['prefix.*.io/foo', 'prefix.kubernetes.io:1111/foo/bar', false],
    // "/v2/" means nothing here, other than in a pull secret.
    ['kubernetes.io/v2/', 'kubernetes.io/app', false],
    ['Kubernetes.io', 'kubernetes.io', false],
    ['[', 'kubernetes.io', false],
  ])('%s on %s: %s', (pattern, image, expected) => {
    expect(imageMatch(pattern)?.(image) ?? false).toBe(expected);
  });

  test.each(['a b', 'a:b', '%zz', 'https://kubernetes.io'])(
    '%j cannot be read as a URL without a scheme, or matches nothing',
    (pattern) => {
      expect(imageMatch(pattern)?.('kubernetes.io/app') ?? false).toBe(false);
    },
  );
});
