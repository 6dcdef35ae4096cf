import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  effectiveTag,
  familiarName,
  type ImageReference,
  isPinned,
  parseReference,
  repositoryOf,
  withDigest,
} from '../../src/image/reference.ts';
import { hostileStrings, imageString, wellFormed } from './image-strings.ts';
import { accepted, refused, sha256 } from './reference-table.ts';

function reference(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.reference;
}

describe('parseReference', () => {
  test.each(accepted)('reads $text: $why', ({ text, domain, path, tag, digest }) => {
    expect(parseReference(text)).toMatchObject({ ok: true, reference: { text, domain, path, tag, digest } });
  });

  test.each(refused)('rejects %j: %s', (text, problem) => {
    expect(parseReference(text)).toEqual({ ok: false, text, problem });
  });

  test('does not print a password in an image string', () => {
    const parsed = parseReference('user:s3cret@registry.example.com/x');
    expect(parsed).toMatchObject({ ok: false, problem: expect.not.stringContaining('s3cret') });
  });

  test('returns a result for every string, with a short printable problem for an invalid one', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parseReference(text);
        const problem = parsed.ok ? 'fine' : parsed.problem;
        expect(problem).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,400}$/u);
      }),
      { numRuns: 3000 },
    );
  });

  test('suggests only valid references', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parseReference(text);
        const proposed = parsed.ok
          ? undefined
          : /(?:whitespace is not allowed|names must be lowercase|two names); use "([^"…]+)"$/.exec(
              parsed.problem,
            )?.[1];
        expect(parseReference(proposed ?? 'nginx').ok).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('reads the normalised name as the same image', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parseReference(text);
        fc.pre(parsed.ok);
        const name = parsed.reference.fullName;
        expect(reference(name)).toEqual({ ...parsed.reference, text: name });
        expect(reference(name).fullName).toBe(name);
      }),
    );
  });

  test('has a type that rejects copies with another tag', () => {
    const original = reference('nginx:1');
    // @ts-expect-error: `fullName` would still have the old tag.
    const copy: ImageReference = { ...original, tag: '2' };
    expect(copy.fullName).toBe('docker.io/library/nginx:1');
  });

  test('parses the runtime reference as an image of the same repository', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parseReference(text);
        fc.pre(parsed.ok);
        const pulled = reference(parsed.reference.runtimeName);
        expect(pulled.repository).toBe(parsed.reference.repository);
        expect([pulled.tag, pulled.digest].filter((part) => part !== undefined)).toHaveLength(1);
      }),
    );
  });

  test('takes little time for 100 kB of any text', () => {
    for (const text of hostileStrings) {
      const parsed = parseReference(text);
      expect(parsed.ok ? '' : parsed.problem).toMatch(/^.{0,400}$/u);
    }
  });
});

describe('the forms of a reference', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx', 'nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['docker.io/nginx:latest', 'docker.io/library/nginx:latest', 'nginx:latest', 'docker.io/library/nginx:latest'],
    ['index.docker.io/team/app', 'docker.io/team/app', 'team/app', 'docker.io/team/app:latest'],
    ['library/foo/bar', 'docker.io/library/foo/bar', 'library/foo/bar', 'docker.io/library/foo/bar:latest'],
    ['Docker.io/foo', 'Docker.io/foo', 'Docker.io/foo', 'Docker.io/foo:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000', 'docker.io/library/localhost:5000'],
    ['host:5000/app', 'host:5000/app', 'host:5000/app', 'host:5000/app:latest'],
    ['exa_mple.com/x', 'exa_mple.com/x', 'exa_mple.com/x', 'exa_mple.com/x:latest'],
    [`nginx@${sha256}`, `docker.io/library/nginx@${sha256}`, `nginx@${sha256}`, `docker.io/library/nginx@${sha256}`],
    [
      `nginx:1.27@${sha256}`,
      `docker.io/library/nginx:1.27@${sha256}`,
      `nginx:1.27@${sha256}`,
      `docker.io/library/nginx@${sha256}`,
    ],
  ])('%s is %s in full, %s for short, and the runtime pulls %s', (text, normalized, familiar, runtime) => {
    const parsed = reference(text);
    expect(parsed.fullName).toBe(normalized);
    expect(familiarName(parsed)).toBe(familiar);
    expect(parsed.runtimeName).toBe(runtime);
  });

  test.each([
    ['nginx:1.27', 'docker.io/library/nginx'],
    [`host:5000/a/b:1@${sha256}`, 'host:5000/a/b'],
    ['exa_mple.com/x:1', 'exa_mple.com/x'],
  ])('%s is kept in the repository %s', (text, repository) => {
    expect(repositoryOf(reference(text))).toBe(repository);
  });

  test.each([
    ['nginx', 'latest', false],
    ['nginx:1.27', '1.27', false],
    [`nginx@${sha256}`, undefined, true],
    [`nginx:1.27@${sha256}`, '1.27', true],
  ])('%s has the tag %s; pinned: %s', (text, tag, pinned) => {
    expect(effectiveTag(reference(text))).toBe(tag);
    expect(isPinned(reference(text))).toBe(pinned);
  });
});

describe('the cache', () => {
  test('returns the same result as the first time, also after evictions', () => {
    const first = parseReference('reg.example.com/team/web:1');
    expect(parseReference('reg.example.com/team/web:1')).toBe(first);
    for (let index = 0; index < 50_000; index++) parseReference(`reg.example.com/team/web:${index}-x`);
    const again = parseReference('reg.example.com/team/web:1');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('distinguishes images that differ only at the beginning', () => {
    const hosts = ['one.example.com', 'two.example.com', 'six.example.com'];
    for (const host of [...hosts, ...hosts]) {
      const parsed = parseReference(`${host}/team/web:1.27.3`);
      expect(parsed.ok && parsed.reference.domain).toBe(host);
    }
  });

  test('does not keep long texts', () => {
    const long = `reg.example.com/${'a/'.repeat(200)}b`;
    expect(parseReference(long)).not.toBe(parseReference(long));
  });
});

describe('withDigest', () => {
  test.each([
    { text: 'nginx', pinned: `nginx:latest@${sha256}` },
    { text: 'nginx:1.27', pinned: `nginx:1.27@${sha256}` },
    { text: 'localhost:5000/a/b', pinned: `localhost:5000/a/b:latest@${sha256}` },
    { text: 'docker.io/library/nginx:Latest', pinned: `docker.io/library/nginx:Latest@${sha256}` },
  ])('adds the digest and the default tag to $text', ({ text, pinned }) => {
    expect(withDigest(reference(text), sha256).text).toBe(pinned);
  });

  test('returns what the parser returns for the same text', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        const parsed = parseReference(text);
        if (!parsed.ok || isPinned(parsed.reference)) return;
        const pinned = withDigest(parsed.reference, sha256);
        expect(parseReference(pinned.text)).toEqual({ ok: true, reference: pinned });
      }),
      { numRuns: 1000 },
    );
  });
});
