import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type ImagePattern, parsePattern, patternSet } from '../../src/image/pattern.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import { hostileStrings, imageString } from './image-strings.ts';
import { naiveMatch } from './naive-match.ts';
import { sha256, sha512 } from './reference-table.ts';

function pattern(text: string): ImagePattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.pattern;
}

function image(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.reference;
}

function matches(glob: string, text: string): boolean {
  return patternSet([pattern(glob)]).match(image(text)) !== undefined;
}

describe('parsePattern', () => {
  test.each([
    ['nginx', 'docker.io', 'library/nginx', undefined],
    ['nginx:1.*', 'docker.io', 'library/nginx', '1.*'],
    ['team/*', 'docker.io', 'team/*', undefined],
    ['ng*', 'docker.io', 'library/ng*', undefined],
    ['*nx', 'docker.io', 'library/*nx', undefined],
    ['docker.io/nginx', 'docker.io', 'library/nginx', undefined],
    ['docker.io/*', 'docker.io', 'library/*', undefined],
    ['docker.io/**', 'docker.io', '**', undefined],
    ['index.docker.io/**:1', 'docker.io', '**', '1'],
    ['index.docker.io/team/app', 'docker.io', 'team/app', undefined],
    ['library/**', 'docker.io', 'library/**', undefined],
    ['node.js:v*', 'docker.io', 'library/node.js', 'v*'],
    ['registry:2', 'docker.io', 'library/registry', '2'],
    ['localhost/app', 'localhost', 'app', undefined],
    ['localhost:5000/**', 'localhost:5000', '**', undefined],
    ['Registry.Example.COM/team/app', 'registry.example.com', 'team/app', undefined],
    ['TEAM/app', 'team', 'app', undefined],
    ['registry.example.com:443/app', 'registry.example.com', 'app', undefined],
    ['registry.example.com:0443/app', 'registry.example.com', 'app', undefined],
    ['registry.example.com:05000/app', 'registry.example.com:5000', 'app', undefined],
    ['*.example.com/**', '*.example.com', '**', undefined],
    ['*:5000/app', '*:5000', 'app', undefined],
    ['[::1]:5000/app', '[::1]:5000', 'app', undefined],
    ['**', undefined, '**', undefined],
    ['**:latest', undefined, '**', 'latest'],
    ['**/nginx', undefined, '**/nginx', undefined],
    ['**/team/**/app:v*', undefined, '**/team/**/app', 'v*'],
  ])('reads %s as host %s, path %s, tag %s', (text, host, path, tag) => {
    expect(parsePattern(text)).toEqual({
      ok: true,
      pattern: { text, host, segments: path.split('/'), tag, digest: undefined },
    });
  });

  test.each([sha256, sha512])('reads a digest', (digest) => {
    expect(pattern(`nginx@${digest}`)).toMatchObject({ segments: ['library', 'nginx'], tag: undefined, digest });
    expect(pattern(`node.js@${digest}`)).toMatchObject({ segments: ['library', 'node.js'], tag: undefined, digest });
    expect(pattern(`nginx:1@${digest}`)).toMatchObject({ segments: ['library', 'nginx'], tag: '1', digest });
  });

  test.each([
    ['', 'it is empty; use, for example, registry.example.com/**'],
    ['https://registry.example.com', 'remove "https://"; use, for example, registry.example.com/**'],
    ['https://ghcr.io/', 'remove "https://"; use, for example, ghcr.io/**'],
    ['docker://ghcr.io/team/*:v1', 'remove "docker://"; use, for example, ghcr.io/team/*:v1'],
    ['oci://in valid', 'remove "oci://"; use, for example, registry.example.com/**'],
    ['*', '"*" is ambiguous; use ** for every image or docker.io/library/* for official images on Docker Hub'],
    [
      '*:latest',
      '"*" is ambiguous; use **:latest for every image or docker.io/library/*:latest for official images on Docker Hub',
    ],
    [
      `*@${'sha256:'.repeat(100)}`,
      '"*" is ambiguous; use ** for every image or docker.io/library/* for official images on Docker Hub',
    ],
    [
      `*/${'a'.repeat(200)}`,
      '"*" at the start is ambiguous; use **/name for any registry or docker.io/*/name for Docker Hub',
    ],
    ['*/app', '"*" at the start is ambiguous; use **/app for any registry or docker.io/*/app for Docker Hub'],
    ['*/**', '"*" at the start is ambiguous; use **/** for any registry or docker.io/*/** for Docker Hub'],
    [
      'registry.example.com',
      'it has no repository; use registry.example.com/** for the registry, or docker.io/library/registry.example.com for the image',
    ],
    [
      'registry.example.com:5000',
      'it has no repository; use registry.example.com:5000/** for the registry, or docker.io/library/registry.example.com:5000 for the image',
    ],
    [
      '*.example.com',
      'it has no repository; use *.example.com/** for the registry, or docker.io/library/*.example.com for the image',
    ],
    [
      'localhost',
      'it has no repository; use localhost/** for the registry, or docker.io/library/localhost for the image',
    ],
    ['registry.example.com/', '"/" can only separate two segments; use registry.example.com/** for everything below'],
    [
      'registry.example.com/team/',
      '"/" can only separate two segments; use registry.example.com/team/** for everything below',
    ],
    ['/team', '"/" can only separate two segments; use team/** for everything below'],
    ['team//app', '"/" can only separate two segments; use team/app/** for everything below'],
    [' nginx', 'whitespace is not allowed; use, for example, registry.example.com/**'],
    ['team/app?', '"?" is not allowed; the only wildcard is "*", for example registry.example.com/**'],
    ['!team/app', '"!" is not allowed; the only wildcard is "*", for example registry.example.com/**'],
    ['team/{a,b}', '"{" is not allowed; the only wildcard is "*", for example registry.example.com/**'],
    [
      'registry.example.com/\u0430pp',
      '"а" is not allowed; the only wildcard is "*", for example registry.example.com/**',
    ],
    ['a'.repeat(1025), 'patterns are limited to 1024 characters (found 1025)'],
    [
      'registry.example.com/a**b',
      '"**" must be a whole segment, as in registry.example.com/**; within a segment, use "*"',
    ],
    [
      'registry.example.com/***',
      '"**" must be a whole segment, as in registry.example.com/**; within a segment, use "*"',
    ],
    ['team**', '"**" must be a whole segment, as in registry.example.com/**; within a segment, use "*"'],
    ['**.example.com/x', '"**" is not allowed in a host; "*" matches one label, for example *.example.com/**'],
    ['**:5000/x', '"**" is not allowed in a host; "*" matches one label, for example *.example.com/**'],
    ['registry.example.com:*/x', '"*" is not a valid port; use digits only'],
    ['registry.example.com:50*/x', '"50*" is not a valid port; use digits only'],
    ['registry.example.com:/x', '"" is not a valid port; use digits only'],
    [
      'registry.example.com@evil.io/x',
      '"@" can only separate name and digest; use, for example, registry.example.com/**',
    ],
    [
      'my_registry.local/x',
      '"my_registry.local" is not a valid hostname; use letters, digits, inner hyphens, and dots, and a port after ":"',
    ],
    [
      '-a.example.com/x',
      '"-a.example.com" is not a valid hostname; use letters, digits, inner hyphens, and dots, and a port after ":"',
    ],
    [
      '*-.example.com/x',
      '"*-.example.com" is not a valid hostname; use letters, digits, inner hyphens, and dots, and a port after ":"',
    ],
    ['[::*]/x', '"[::*]" is not a valid hostname; use letters, digits, inner hyphens, and dots, and a port after ":"'],
    ['registry.example.com/Team/app', 'repository names must be lowercase; use "team"'],
    ['Nginx', 'repository names must be lowercase; use "nginx"'],
    ['team/[ab]', '"[" is not allowed in "[ab]"'],
    [
      'registry.example.com/-app',
      '"-app" is not a valid path segment; ".", "_", "__", and "-" can only separate letters or digits',
    ],
    [
      'registry.example.com/a..*',
      '"a..*" is not a valid path segment; ".", "_", "__", and "-" can only separate letters or digits',
    ],
    ['nginx:', 'the tag after ":" is missing; add a tag, or remove ":" for every tag'],
    ['nginx:-1', 'a tag cannot begin with "-"'],
    ['registry.example.com/web:a/b', '"/" is not allowed in a tag; use letters, digits, ".", "_", "-", and "*"'],
    [`a.io/${'p'.repeat(256)}`, 'image paths are limited to 255 characters (found 256)'],
    [`**/${'p'.repeat(128)}/${'q'.repeat(128)}*/**`, 'image paths are limited to 255 characters (found 257)'],
    [`nginx:${'t'.repeat(129)}*`, 'tags are limited to 128 characters (found 129)'],
    ['nginx@sha256:*', 'the digest must have 64 lowercase hex digits after "sha256:" (found other characters)'],
    ['nginx@sha256:abc', 'the digest must have 64 lowercase hex digits after "sha256:" (found 3)'],
    ['nginx@', 'the digest after "@" is missing; add "sha256:" and 64 hex digits, or remove "@"'],
  ])('rejects %j: %s', (text, why) => {
    expect(parsePattern(text)).toEqual({ ok: false, problem: expect.stringMatching(/^".*" is not a pattern: /u) });
    expect(parsePattern(text)).toMatchObject({ problem: expect.stringContaining(`is not a pattern: ${why}`) });
  });

  test('shortens and escapes a long or unprintable pattern', () => {
    expect(parsePattern(`\u202e${'a'.repeat(100)}`)).toEqual({
      ok: false,
      problem: String.raw`"\u202e${'a'.repeat(74)}…" is not a pattern: "\u202e" is not allowed; the only wildcard is "*", for example registry.example.com/**`,
    });
  });

  test('returns a result for every string', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parsePattern(text);
        expect(parsed.ok ? '' : parsed.problem).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{0,500}$/u);
      }),
      { numRuns: 2000 },
    );
    for (const text of hostileStrings) expect(parsePattern(text).ok).toBe(false);
  });
});

describe('a pattern', () => {
  test.each([
    ['nginx', 'nginx'],
    ['nginx', 'nginx:1.27'],
    ['nginx', `docker.io/library/nginx@${sha256}`],
    ['nginx', 'index.docker.io/nginx'],
    ['docker.io/library/nginx', 'nginx'],
    ['docker.io/*', 'nginx'],
    ['docker.io/**', 'nginx'],
    ['docker.io/**', 'team/app/deep'],
    ['team/*', 'docker.io/team/app'],
    ['registry.example.com/team/*', 'registry.example.com/team/app:1'],
    ['registry.example.com/team/**', 'registry.example.com/team/app/deep'],
    ['registry.example.com/team/**', 'registry.example.com/team'],
    ['registry.example.com/**/app', 'registry.example.com/app'],
    ['registry.example.com/**/app', 'registry.example.com/a/b/app'],
    ['registry.example.com/**/b/**/d', 'registry.example.com/a/b/b/c/d'],
    ['registry.example.com/team-*/app', 'registry.example.com/team-x/app'],
    ['registry.example.com/a*', 'registry.example.com/a'],
    ['REGISTRY.example.com/app', 'registry.EXAMPLE.com/app'],
    ['registry.example.com/app', 'registry.example.com:443/app'],
    ['registry.example.com:443/app', 'registry.example.com/app'],
    ['registry.example.com:5000/app', 'registry.example.com:05000/app'],
    ['docker.io/library/nginx', 'Docker.io/library/nginx'],
    ['docker.io/library/nginx', 'docker.io:443/library/nginx'],
    ['*.example.com/**', 'eu.example.com/team/app'],
    ['*.example.com/**', 'EU.example.com:443/team/app'],
    ['registry-*.example.com/app', 'registry-eu.example.com/app'],
    ['*.example.com:5000/app', 'eu.example.com:5000/app'],
    ['*:5000/app', 'localhost:5000/app'],
    ['[2001:DB8::1]:5000/app', '[2001:db8::1]:5000/app'],
    ['**', 'nginx'],
    ['**', 'registry.example.com:5000/a/b/c:1'],
    ['**', 'exa_mple.com/x'],
    ['**/**', 'exa_mple.com/x'],
    ['**/app', 'registry.example.com/team/app'],
    ['**/app', 'registry.example.com/app'],
    ['**/app', 'exa_mple.com/app'],
    ['**/nginx', 'nginx'],
    ['nginx:1.*', 'nginx:1.27'],
    ['nginx:latest', 'nginx'],
    ['nginx:*', 'nginx'],
    ['nginx:1.*', `nginx:1.27@${sha256}`],
    ['**:latest', 'exa_mple.com/x'],
    [`nginx@${sha256}`, `nginx@${sha256}`],
    [`nginx@${sha256}`, `nginx:1.27@${sha256}`],
    [`nginx:1.*@${sha256}`, `nginx:1.27@${sha256}`],
  ])('%s matches %s', (glob, text) => {
    expect(matches(glob, text)).toBe(true);
  });

  test.each([
    ['registry.example.com/**', 'registry.example.com.evil.io/x', 'a look-alike host'],
    ['registry.example.com/**', 'evil.io/registry.example.com/x', 'the host as a path'],
    ['registry.example.com/**', 'registry.example.com:5000/x', 'another port'],
    ['registry.example.com:5000/**', 'registry.example.com/x', 'no port'],
    ['registry.example.com:5000/**', 'registry.example.com:443/x', 'another port'],
    ['registry.example.com/**', 'xregistry.example.com/x', 'a longer first label'],
    ['registry.example.com/**', 'registry-example.com/x', 'the dot is a dot'],
    ['registry.example.com/**', 'registry.example.com', 'an image of Docker Hub that is called so'],
    ['registry.example.com/**', 'registry.example.com:5000', 'an image of Docker Hub with a tag'],
    ['registry.example.com/team/*', 'registry.example.com/team', '"*" is exactly one segment'],
    ['registry.example.com/team/*', 'registry.example.com/team/a/b', '"*" never crosses a slash'],
    ['registry.example.com/team/**', 'registry.example.com/team-evil/app', 'a longer segment'],
    ['registry.example.com/team/**', 'registry.example.com/x/team/app', 'the segment further down'],
    ['registry.example.com/team', 'registry.example.com/team/app', 'no glob, no more'],
    ['registry.example.com/a*/c', 'registry.example.com/ab/b/c', '"*" never crosses a slash'],
    ['registry.example.com/**/app', 'registry.example.com/team/app2', 'the end counts'],
    ['docker.io/library/*', 'team/nginx', 'another namespace'],
    ['docker.io/*', 'team/nginx', 'docker.io/* is completed to library/*'],
    ['nginx', 'team/nginx', 'another namespace'],
    ['nginx', 'nginx.evil.io/nginx', 'another registry'],
    ['nginx', 'evil.io/library/nginx', 'another registry'],
    ['nginx', 'evil.io/docker.io/library/nginx', 'Docker Hub as a path'],
    ['nginx', 'localhost/nginx', 'localhost is a host'],
    ['nginx', 'NGINX/nginx', 'upper case makes it a host'],
    ['docker.io/**', 'docker.io.evil.io/library/nginx', 'a look-alike host'],
    ['docker.io/**', 'registry-1.docker.io/library/nginx', 'another name of the same registry is another host'],
    ['docker.io/library/nginx', 'docker.io:443/nginx', 'with a port written nothing is put in front of the path'],
    ['team/*', 'Team/app', 'upper case makes it a host'],
    ['team/*', 'team.io/app', 'a dot makes it a host'],
    ['team/*', 'team:5000/app', 'a colon makes it a host'],
    ['*.example.com/**', 'example.com/x', 'as many labels'],
    ['*.example.com/**', 'a.b.example.com/x', '"*" never crosses a dot'],
    ['*.example.com/**', 'a.example.com.evil.io/x', 'a look-alike host'],
    ['*.example.com/**', 'a.example.com:5000/x', 'the port counts'],
    ['*.example.com/**', 'evilexample.com/x', 'the dot is a dot'],
    ['*.example.com:5000/**', 'a.example.com/x', 'the port counts'],
    ['*:443/**', 'exa_mple.com/x', 'no registry is no host'],
    ['*:443/**', '[::1]/x', 'an address is no label'],
    ['*:5000/**', 'nginx', 'Docker Hub has a dot'],
    ['a*/**', 'a.io/x', '"*" in front of a slash is a namespace'],
    ['exa*/**', 'exa_mple.com/x', 'no registry is not Docker Hub'],
    ['**/app', 'app.io/x', 'the host is not a segment'],
    ['**/registry.example.com/**', 'registry.example.com/x', 'the host is not a segment'],
    ['nginx:1.*', 'nginx:2.1', 'another tag'],
    ['nginx:1.*', 'nginx:1', 'the dot is a dot'],
    ['nginx:V1', 'nginx:v1', 'tags have case'],
    ['nginx:latest', 'nginx:stable', 'another tag'],
    ['nginx:latest', `nginx@${sha256}`, 'only a digest is no tag'],
    ['nginx:*', `nginx@${sha256}`, 'only a digest is no tag'],
    ['**:*', `nginx@${sha256}`, 'only a digest is no tag'],
    [`nginx@${sha256}`, 'nginx', 'no digest'],
    [`nginx@${sha256}`, `nginx@sha256:${'0'.repeat(64)}`, 'another digest'],
    [`nginx@${sha256}`, `team/nginx@${sha256}`, 'another repository'],
    [`nginx:2@${sha256}`, `nginx:1@${sha256}`, 'the tag beside the digest is compared as written'],
    [`nginx:2@${sha256}`, `nginx@${sha256}`, 'the tag is compared too'],
  ])('%s does not match %s: %s', (glob, text) => {
    expect(matches(glob, text)).toBe(false);
  });

  test('that is derived from an image matches it', () => {
    fc.assert(
      fc.property(imageString, (text) => {
        const parsed = parseReference(text);
        fc.pre(parsed.ok && parsed.reference.domain !== '' && parsed.reference.path.length < 250 && text.length < 900);
        const { reference } = parsed;
        const name = reference.repository;
        const whole = `${name}${reference.tag ? `:${reference.tag}` : ''}${reference.digest ? `@${reference.digest}` : ''}`;
        const parent = `${name.slice(0, name.lastIndexOf('/'))}/**`;
        for (const glob of [name, whole, parent, '**']) {
          expect(patternSet([pattern(glob)]).match(reference)?.text).toBe(glob);
        }
        expect(
          patternSet([pattern(`${name}/x`), pattern(`evil.io/${reference.path}`)]).match(reference),
        ).toBeUndefined();
      }),
    );
  });

  test('takes little time for 100 kB of any text', () => {
    const globs = ['**/a*a*a*b', '*.com/**', '**/**/**/y', '*a*a*a*a*b.com/x', 'a*.a*.com/**', '**:*t*t*t*x'];
    const set = patternSet(globs.map(pattern));
    for (const text of hostileStrings) {
      const parsed = parseReference(text);
      expect(set.match(parsed.ok ? parsed.reference : image('nginx'))).toBeUndefined();
    }
  });
});

describe('a set of patterns', () => {
  test('matches nothing if it is empty', () => {
    const set = patternSet([]);
    expect(set.size).toBe(0);
    expect(set.match(image('nginx'))).toBeUndefined();
  });

  test.each([
    [['**', 'nginx', 'docker.io/**'], '**'],
    [['docker.io/**', '**', 'nginx'], 'docker.io/**'],
    [['evil.io/**', 'nginx', '**'], 'nginx'],
    [['ng*', 'nginx', 'n*'], 'ng*'],
    [['*.io/**', 'docker.io/**'], '*.io/**'],
    [['docker.io/**', '*.io/**'], 'docker.io/**'],
    [['nginx:2', 'nginx:1', 'nginx'], 'nginx:1'],
    [['*.io/library/*', '*.*/**', 'nginx'], '*.io/library/*'],
  ])('returns the first match of %j', (globs, first) => {
    const set = patternSet(globs.map(pattern));
    expect(set.size).toBe(globs.length);
    expect(set.match(image('nginx:1'))?.text).toBe(first);
  });

  test('finds each of 10,000 patterns, and nothing for other images', () => {
    const globs = Array.from(
      { length: 10_000 },
      (_, index) => `registry.example.com/team-${index}/${index % 2 ? '**' : 'app'}`,
    );
    const set = patternSet(globs.map(pattern));
    for (const [index, glob] of globs.entries()) {
      expect(set.match(image(`registry.example.com/team-${index}/app:1`))?.text).toBe(glob);
    }
    expect(set.match(image('registry.example.com/team-10000/app'))).toBeUndefined();
  });

  test('agrees with a matcher that tries all patterns in order', () => {
    const few = (parts: readonly string[], max: number) =>
      fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: max });
    const host = (parts: readonly string[]) =>
      fc
        .tuple(few(parts, 3), fc.constantFrom('', ':443', ':1'))
        .map(([labels, port]) => `${labels.join('.')}.io${port}/`);
    const path = (parts: readonly string[]) => few(parts, 4).map((segments) => segments.join('/'));
    const globs = fc
      .record({
        host: fc.oneof(fc.constantFrom('', '', '**/'), host(['a', 'b', '*', 'a*', 'A'])),
        path: path(['a', 'b', 'ab', '*', 'a*', '*b', '**']),
        tag: fc.constantFrom(undefined, undefined, 'a', 'a*', 'latest'),
        digest: fc.constantFrom(undefined, undefined, undefined, sha256),
      })
      .map((parts) => {
        const tag = parts.tag === undefined ? '' : `:${parts.tag}`;
        const digest = parts.digest === undefined ? '' : `@${parts.digest}`;
        return { parts, text: `${parts.host}${parts.path}${tag}${digest}` };
      })
      .filter(({ text }) => parsePattern(text).ok);
    const images = fc
      .tuple(
        fc.oneof(fc.constantFrom('', '', 'a_b.io/'), host(['a', 'b', 'ab', 'A'])),
        path(['a', 'b', 'ab']),
        fc.constantFrom('', ':a', ':ab', `@${sha256}`, `:a@${sha256}`),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(globs, { maxLength: 6 }), images, (list, text) => {
        const reference = image(text);
        const found = patternSet(list.map((glob) => pattern(glob.text))).match(reference);
        expect(found?.text).toBe(list.find(({ parts }) => naiveMatch(parts, reference))?.text);
      }),
      { numRuns: 20_000 },
    );
  });
});
