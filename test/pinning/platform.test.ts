import { describe, expect, test } from 'vitest';
import { hasPlatform, parsePlatform } from '../../src/pinning/platform.ts';

const platform = (text: string): NonNullable<ReturnType<typeof parsePlatform>> => {
  const parsed = parsePlatform(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('platforms', () => {
  test.each(['', 'linux', 'linux/', '/amd64', 'linux/amd64/', 'Linux/amd64', 'linux/amd64/v1/x', ' linux/amd64'])(
    'refuses %j',
    (text) => {
      expect(parsePlatform(text)).toBeUndefined();
    },
  );

  test.each([
    ['linux/amd64', 'linux/amd64', true],
    ['linux/amd64', 'linux/arm64', false],
    ['windows/amd64', 'linux/amd64', false],
    // An image for arm64 is one for v8, whether it says so or not.
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm', 'linux/arm/v6', false],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm/v6', 'linux/arm/v6', true],
  ])('an image for %s, asked for %s: %s', (image, wanted, answer) => {
    expect(hasPlatform([platform(image)], platform(wanted))).toBe(answer);
  });
});
