import { describe, expect, test } from 'vitest';
import { maskPassword } from '../../src/image/password.ts';

describe('maskPassword', () => {
  test.each([
    ['user:hunter2@reg.io/app', 'user:***@reg.io/app'],
    ['https://user:hunter2@reg.io:5000/app:1', 'https://user:***@reg.io:5000/app:1'],
    ['user:p@ss:word@reg.io/app', 'user:***@reg.io/app'],
    ['user@reg.io/app', 'user@reg.io/app'],
    ['nginx:1.27@sha256:abc', 'nginx:1.27@sha256:abc'],
    ['reg.io:5000/app:1@sha256:abc', 'reg.io:5000/app:1@sha256:abc'],
    ['docker://nginx', 'docker://nginx'],
    ['', ''],
    [':@/', ':***@/'],
  ])('%s -> %s', (text, masked) => {
    expect(maskPassword(text)).toBe(masked);
  });
});
