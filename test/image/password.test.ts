import { describe, expect, test } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
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

test.each(['$secret', '${secret}', 'a/secret', 'a@secret'])(
  'no part of the password %s is in a problem',
  (password) => {
    const text = `user:${password}@registry.example.com/web:1`;
    const parsed = parseReference(text);
    expect(parsed.ok ? '' : parsed.problem).not.toContain('secret');
    expect(maskPassword(text)).toBe('user:***@registry.example.com/web:1');
  },
);
