/** Platforms from policies and Pods, normalized and compared as on nodes. */
import { describe, expect, test } from 'vitest';
import { parsePlatform, platformsIn, platformText, parseNodePlatform } from '../../../src/policy/rules/platforms.ts';
import { read } from '../fixtures.ts';

const image = (text: string) => parsePlatform(text) ?? { os: '', architecture: '', variant: undefined };

test.each([
  '',
  'linux',
  'linux/',
  '/amd64',
  'linux/amd64/',
  'Linux/amd64',
  'linux/amd64/v1/x',
  ' linux/amd64',
  'linux/amd46',
  'linux/x64',
  'linux/armv7',
  'linux/arm/vseven',
  'lunix/amd64',
  'amd64/linux',
  'ubuntu/amd64',
  'unknown/unknown',
])('%j requires no platform', (text) => {
  expect(parseNodePlatform(text)).toBeUndefined();
});

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/x86-64/v2', 'linux/amd64/v2'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64'],
  ['linux/arm64/v9', 'linux/arm64/v9'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/8', 'linux/arm/v8'],
  ['linux/i386', 'linux/386'],
  ['macos/arm64', 'darwin/arm64'],
  ['windows/amd64', 'windows/amd64'],
  ['wasip1/wasm', 'wasip1/wasm'],
])('%s is %s', (text, expected) => {
  const wanted = parseNodePlatform(text);
  expect(wanted && platformText(wanted)).toBe(expected);
});

test.each([
  ['linux/amd64', 'linux/amd64', true],
  ['linux/amd64', 'linux/x86_64', true],
  ['linux/x86_64', 'linux/amd64', true],
  ['linux/amd64', 'linux/arm64', false],
  ['windows/amd64', 'linux/amd64', false],
  // arm64 without a variant is v8.
  ['linux/arm64', 'linux/arm64/v8', true],
  ['linux/arm64/v8', 'linux/arm64', true],
  ['linux/arm/v7', 'linux/aarch64', true],
  ['linux/arm', 'linux/arm/v6', false],
  ['linux/arm', 'linux/arm/v7', true],
  ['linux/arm/v6', 'linux/arm/v7', true],
  ['linux/arm/v6', 'linux/armhf', true],
  ['linux/arm/v5', 'linux/arm/v6', true],
  ['linux/arm/v7', 'linux/armel', false],
  ['linux/arm/v8', 'linux/arm', false],
  ['linux/386', 'linux/amd64', true],
  ['linux/amd64/v3', 'linux/amd64', false],
])('an image for %s on nodes %s: %s', (of, wanted, answer) => {
  const node = parseNodePlatform(wanted) ?? image('');
  expect(platformsIn([image(of)])(node)).toBe(answer);
});

describe('a policy', () => {
  test.each(['linux/amd46', 'linux/arm/vseven', 'lunix/amd64'])(
    'with the invalid platform %s is rejected with its pointer',
    (text) => {
      const result = read(`{rules: [{rule: image-platform, parameters: {platforms: [linux/amd64, "${text}"]}}]}`);
      expect(result.ok ? [] : result.faults).toMatchObject([
        {
          pointer: '/spec/rules/0/parameters/platforms/1',
          problem: `"${text}" is not a platform: expected OS/ARCHITECTURE[/VARIANT], for example linux/arm64`,
        },
      ]);
    },
  );
});
