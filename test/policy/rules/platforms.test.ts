/**
 * Platforms that a node can run: rows of containerd's tests (containerd/platforms compare_test.go), and the documentation of
 * `Only`.
 */
import { expect, test } from 'vitest';
import { parsePlatform, platformsIn, platformText } from '../../../src/policy/rules/platforms.ts';
import type { Platform } from '../../../src/policy/registry-fact.ts';

function platform(text: string): Platform {
  const parsed = parsePlatform(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const NO: readonly string[] = [];

test.each<[string, readonly string[], readonly string[]]>([
  [
    'linux/amd64',
    ['linux/amd64', 'linux/amd64/v1', 'linux/386', 'linux/x86_64', 'Linux/AMD64'],
    ['linux/amd64/v2', 'linux/arm64', 'windows/amd64'],
  ],
  ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v3', 'linux/386'], ['linux/amd64/v4']],
  ['linux/386', ['linux/386', 'linux/i386'], ['linux/amd64']],
  [
    'linux/arm64',
    [
      'linux/arm64',
      'linux/arm64/v8',
      'linux/aarch64',
      'linux/arm/v8',
      'linux/arm/v7',
      'linux/arm/v6',
      'linux/arm/v5',
      'linux/arm',
    ],
    ['linux/arm64/v9', 'linux/arm64/v8.1', 'linux/amd64', 'linux/arm/v4'],
  ],
  ['linux/arm64/v8', ['linux/arm64', 'linux/arm64/v8'], ['linux/arm64/v8.1']],
  ['linux/arm64/v8.2', ['linux/arm64/v8.2', 'linux/arm64/v8.1', 'linux/arm64'], ['linux/arm64/v8.3', 'linux/arm64/v9']],
  [
    'linux/arm64/v9',
    ['linux/arm64/v9', 'linux/arm64/v8.5', 'linux/arm64/v8', 'linux/arm/v7'],
    ['linux/arm64/v9.1', 'linux/arm64/v8.6'],
  ],
  [
    'linux/arm64/v9.1',
    ['linux/arm64/v9.1', 'linux/arm64/v9', 'linux/arm64/v8.6'],
    ['linux/arm64/v9.2', 'linux/arm64/v8.7'],
  ],
  [
    'linux/arm',
    ['linux/arm', 'linux/arm/v7', 'linux/arm/7', 'linux/armhf', 'linux/armel', 'linux/arm/v6', 'linux/arm/v5'],
    ['linux/arm/v8', 'linux/arm64', 'linux/arm/v4'],
  ],
  ['linux/arm/v6', ['linux/arm/v6', 'linux/arm/v5'], ['linux/arm/v7', 'linux/arm']],
  ['linux/s390x', ['linux/s390x'], ['linux/amd64']],
  ['darwin/arm64', ['macos/arm64'], ['linux/arm64']],
  ['linux/amd64', NO, ['unknown/unknown']],
])('a node of %s runs %j, but not %j', (node, fits, others) => {
  for (const text of fits) expect([text, platformsIn([platform(text)])(platform(node))]).toEqual([text, true]);
  expect(platformsIn(others.map(platform))(platform(node))).toBe(false);
  expect(platformsIn([...others, ...fits].map(platform))(platform(node))).toBe(fits.length > 0);
});

test.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/', 'linux/arm/v7/x'])('%j is not a platform', (text) => {
  expect(parsePlatform(text)).toBeUndefined();
});

test('a platform is formatted with its variant', () => {
  expect(['linux/amd64', 'linux/arm/v7'].map((text) => platformText(platform(text)))).toEqual([
    'linux/amd64',
    'linux/arm/v7',
  ]);
});
