/** Rewriting of image names. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captureSegments, wildcardsIn } from '../../src/image/captures.ts';
import { compileSegments } from '../../src/image/segments.ts';
import { canOverlap } from '../../src/image/overlap.ts';
import { parsePattern, patternSet } from '../../src/image/pattern.ts';
import { parseReference } from '../../src/image/reference.ts';
import {
  parseRewriting,
  possibleSources,
  rewritten,
  rewritingCycle,
  type Rewriting,
} from '../../src/image/rewriting.ts';

function rewritingOf(from: string, to: string): Rewriting {
  const parsed = parseRewriting(from, to);
  if (!parsed.ok) throw new Error(`${parsed.at}: ${parsed.problem}`);
  return parsed.rewriting;
}

function rewrite(image: string, from: string, to: string): string | undefined {
  const parsed = parseReference(image);
  if (!parsed.ok) throw new Error(parsed.problem);
  const result = rewritten(rewritingOf(from, to), parsed.reference);
  return result?.ok === false ? `problem: ${result.problem}` : result?.reference.text;
}

const DIGEST = `sha256:${'a'.repeat(64)}`;

const NAMES: readonly (readonly [image: string, from: string, to: string, result: string | undefined])[] = [
  ['nginx', 'docker.io/**', 'mirror.example.com/hub/**', 'mirror.example.com/hub/library/nginx'],
  ['nginx:1.27', 'docker.io/**', 'mirror.example.com/hub/**', 'mirror.example.com/hub/library/nginx:1.27'],
  [`nginx@${DIGEST}`, 'docker.io/**', 'mirror.example.com/**', `mirror.example.com/library/nginx@${DIGEST}`],
  [`nginx:1@${DIGEST}`, 'docker.io/**', 'mirror.example.com/**', `mirror.example.com/library/nginx:1@${DIGEST}`],
  ['index.docker.io/team/app', 'docker.io/**', 'mirror.example.com/**', 'mirror.example.com/team/app'],
  ['Docker.io/team/app', 'docker.io/**', 'mirror.example.com/**', 'mirror.example.com/team/app'],
  ['quay.io/acme/web', 'quay.io/acme/*', 'registry.example.com/quay/*', 'registry.example.com/quay/web'],
  ['quay.io/acme/a/b', 'quay.io/acme/*', 'registry.example.com/quay/*', undefined],
  ['quay.io/acme/a/b', 'quay.io/acme/**', 'registry.example.com/q/**', 'registry.example.com/q/a/b'],
  ['quay.io/acme', 'quay.io/acme/**', 'registry.example.com/q/**', 'registry.example.com/q'],
  ['quay.io/acme', 'quay.io/acme/**', 'registry.example.com/**', 'problem'],
  ['quay.io/other/web', 'quay.io/acme/*', 'registry.example.com/quay/*', undefined],
  ['quay.io/a/b/c/d', 'quay.io/*/**/d', 'r.example.com/*/x/**', 'r.example.com/a/x/b/c'],
  ['quay.io/a-x-b/c', 'quay.io/*-x-*/*', 'r.example.com/*/*/*', 'r.example.com/a/b/c'],
  ['registry:5000/a', 'registry:5000/**', 'r.example.com:444/**', 'r.example.com:444/a'],
  ['registry:5001/a', 'registry:5000/**', 'r.example.com/**', undefined],
  ['registry.example.com:443/a', 'registry.example.com/**', 'r.example.com/**', 'r.example.com/a'],
  ['localhost/a', 'localhost/**', 'r.example.com/**', 'r.example.com/a'],
  ['eu.gcr.io/p/i', '*.gcr.io/**', 'r.example.com/gcr-*/**', 'r.example.com/gcr-eu/p/i'],
  ['eu.gcr.io/p/i', '*.gcr.io/**', '*.example.com/**', 'eu.example.com/p/i'],
  ['r.example.com/x', '**', 'r.example.com/**', undefined],
  ['r.example.com/x', 'r.example.com/**', 'r.example.com/hub/**', 'r.example.com/hub/x'],
  ['r.example.com/hub/x', 'r.example.com/**', 'r.example.com/hub/**', undefined],
  ['nginx', '**', 'r.example.com/**', 'r.example.com/docker.io/library/nginx'],
  ['ghcr.io/a/b:1', '**', 'r.example.com/cache/**', 'r.example.com/cache/ghcr.io/a/b:1'],
  ['registry:5000/a', '**', 'r.example.com/**', 'problem'],
  ['quay.io/team/nginx', '**/nginx', '**/nginx-hardened', 'quay.io/team/nginx-hardened'],
  ['quay.io/x/x/y', '**/*/**', 'r.example.com/**/*/**', 'r.example.com/quay.io/x/x/y'],
  ['docker.io/foo/bar', '**/foo/*', '**/x-*', 'problem'],
  ['nginx:1.27', 'docker.io/**:1.*', 'r.example.com/**', 'r.example.com/library/nginx:1.27'],
  ['nginx:2', 'docker.io/**:1.*', 'r.example.com/**', undefined],
  ['nginx', 'docker.io/library/nginx', 'r.example.com/web/nginx', 'r.example.com/web/nginx'],
  ['exa_mple.com/x', '**', 'r.example.com/**', undefined],
  [`quay.io/${'a'.repeat(250)}`, 'quay.io/**', 'r.example.com/abcdefg/**', 'problem'],
];

test.each(NAMES)('%s by %s -> %s is %s', (image, from, to, result) => {
  const found = rewrite(image, from, to);
  if (result === 'problem') expect(found).toMatch(/^problem: the new name /);
  else expect(found).toBe(result);
});

test.each([
  ['localhost:5000/web', '**', 'm.io/**', 'm.io/localhost:5000/web', 'localhost:5000'],
  ['localhost:5000/web:1', '**', 'm.io/**', 'm.io/localhost:5000/web', 'localhost:5000'],
  [`localhost:5000/web@${DIGEST}`, '**', 'm.io/**', 'm.io/localhost:5000/web', 'localhost:5000'],
  ['[::1]:5000/web:1', '**', 'm.io:8443/hub/**', 'm.io:8443/hub/[::1]:5000/web', '[::1]:5000'],
])('%s by %s -> %s: a registry with a port is no part of a path', (image, from, to, name, registry) => {
  const problem = `a registry with a port ("${registry}") cannot be a part of a path`;
  expect(rewrite(image, from, to)).toBe(`problem: the new name "${name}" is invalid: ${problem}`);
});

const FAULTS: readonly (readonly [from: string, to: string, at: string, problem: string])[] = [
  ['docker.io/**', 'mirror.example.com/hub', 'to', 'has no wildcard, but "from" has the wildcard "**"'],
  ['docker.io/*/*', 'mirror.example.com/*', 'to', 'in the same order'],
  ['docker.io/*', 'mirror.example.com/**', 'to', 'in the same order'],
  ['docker.io/**/*', 'mirror.example.com/*/**', 'to', 'in the same order'],
  ['docker.io/nginx', 'mirror.example.com/*', 'to', 'but "from" has no wildcard'],
  ['*.gcr.io/**', 'mirror.example.com/**', 'to', 'in the same order'],
  ['docker.io/**', 'hub/**', 'to', 'has no registry'],
  ['docker.io/**', 'mirror.example.com/**:v1', 'to', 'leave them out'],
  ['docker.io/**', `mirror.example.com/**@${DIGEST}`, 'to', 'leave them out'],
  ['docker.io/**', 'https://mirror.example.com/**', 'to', 'remove "https://"'],
  ['docker.io/a**', 'mirror.example.com/**', 'from', 'must be a whole segment'],
  ['docker.io/**', '**', 'to', 'has no registry'],
  ['docker.io/**', 'mirror.example.com:65536/**', 'to', 'has the port 65536; ports are numbers from 1 to 65535'],
  ['docker.io/**', 'mirror.example.com:0/**', 'to', 'has the port 0; '],
  ['docker.io/**', `[::1]:${'9'.repeat(100)}/**`, 'to', 'has the port 9999999999; '],
];

test.each(FAULTS)('%s -> %s is no rewriting', (from, to, at, problem) => {
  expect(parseRewriting(from, to)).toMatchObject({ ok: false, at, problem: expect.stringContaining(problem) });
});

const CYCLES: readonly (readonly [
  name: string,
  pairs: readonly (readonly [string, string])[],
  cycle: number[] | undefined,
])[] = [
  ['none', [['docker.io/**', 'm.example.com/hub/**']], undefined],
  [
    'a chain',
    [
      ['docker.io/**', 'm.example.com/hub/**'],
      ['m.example.com/**', 'n.example.com/**'],
    ],
    undefined,
  ],
  ['into itself', [['m.example.com/**', 'm.example.com/hub/**']], undefined],
  ['in one registry, apart', [['m.example.com/library/*', 'm.example.com/hub/*']], undefined],
  [
    'there and back',
    [
      ['a.example.com/**', 'b.example.com/**'],
      ['b.example.com/**', 'a.example.com/**'],
    ],
    [0, 1],
  ],
  [
    'there and back, with other tags',
    [
      ['a.example.com/**:1', 'b.example.com/**'],
      ['b.example.com/**:2', 'a.example.com/**'],
    ],
    undefined,
  ],
  ['every registry', [['**', 'm.example.com/**']], undefined],
  ['by a host glob', [['*.example.com/**', 'm.example.com/*/**']], undefined],
  [
    'three',
    [
      ['a.io/**', 'b.io/**'],
      ['c.io/**', 'a.io/**'],
      ['b.io/x/**', 'c.io/**'],
    ],
    [0, 2, 1],
  ],
];

test.each(CYCLES)('a cycle of rewritings: %s', (_name, pairs, cycle) => {
  expect(rewritingCycle(pairs.map(([from, to]) => rewritingOf(from, to)))).toEqual(cycle);
});

test('a second rewriting by the same entry changes nothing', () => {
  const again = NAMES.flatMap(([image, from, to]) => {
    const once = rewrite(image, from, to);
    return once === undefined || once.startsWith('problem') ? [] : [rewrite(once, from, to)];
  });
  expect(again.filter((image) => image !== undefined)).toEqual([]);
});

const segment = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
const glob = fc.oneof(
  segment,
  fc
    .string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 })
    .filter((text) => !text.includes('**')),
  fc.constant('**'),
);
const globs = fc.array(glob, { minLength: 1, maxLength: 5 });
const segments = fc.array(segment, { minLength: 1, maxLength: 6 });

test('captures exist where the globs match, and put back they give the text', () => {
  fc.assert(
    fc.property(globs, segments, (patterns, texts) => {
      const captured = captureSegments(patterns, texts, '/');
      expect(captured !== undefined).toBe(compileSegments(patterns)(texts));
      if (captured === undefined) return;
      expect(captured).toHaveLength(wildcardsIn(patterns).length);
      const next = captured.values();
      const filled = patterns.map((text) => text.replaceAll(/\*+/g, () => next.next().value ?? ''));
      expect(filled.filter((text) => text !== '').join('/')).toBe(texts.join('/'));
    }),
    { numRuns: 2000 },
  );
});

test('patterns overlap if an image matches both', () => {
  const name = fc.array(glob, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(name, name, segments, (one, other, texts) => {
      const [left, right] = [one, other].map((parts) => {
        const parsed = parsePattern(`r.example.com/${parts.join('/')}`);
        return parsed.ok ? parsed.pattern : undefined;
      });
      const image = parseReference(`r.example.com/${texts.join('/')}`);
      if (left === undefined || right === undefined || !image.ok) return;
      const both = [left, right].every((pattern) => patternSet([pattern]).match(image.reference) !== undefined);
      if (both) expect(canOverlap(left, right)).toBe(true);
      expect(canOverlap(left, right)).toBe(canOverlap(right, left));
    }),
    { numRuns: 2000 },
  );
});

test('the source of a rewritten image is found, unless there are several', () => {
  const wildcard = fc.constantFrom('*', '**');
  const entry = fc
    .tuple(fc.array(wildcard, { minLength: 1, maxLength: 3 }), fc.array(segment, { minLength: 8, maxLength: 8 }))
    .map(([wildcards, literals]) => {
      const nameOf = (own: readonly string[]): string =>
        wildcards.map((one, index) => (index === 0 ? one : `${own[index] ?? ''}/${one}`)).join('/');
      return [`from.example.com/${nameOf(literals)}`, `to.example.com/${nameOf(literals.slice(4))}`] as const;
    });
  let unique = 0;
  fc.assert(
    fc.property(entry, segments, ([from, to], texts) => {
      const image = parseReference(`from.example.com/${texts.join('/')}:1`);
      const result = image.ok ? rewritten(rewritingOf(from, to), image.reference) : undefined;
      if (!image.ok || result?.ok !== true) return;
      const sources = possibleSources(rewritingOf(from, to), result.reference).map(({ text }) => text);
      if (sources.length === 1) unique += 1;
      if (sources.length !== 2) expect(sources).toEqual([image.reference.text]);
    }),
    { numRuns: 4000 },
  );
  expect(unique).toBeGreaterThan(100);
});

const SOURCES: readonly (readonly [image: string, from: string, to: string, sources: readonly string[]])[] = [
  ['m.example.com/library/nginx:1', 'docker.io/**', 'm.example.com/**', ['docker.io/library/nginx:1']],
  [`m.example.com/a/b:1@${DIGEST}`, 'docker.io/**', 'm.example.com/**', [`docker.io/a/b:1@${DIGEST}`]],
  ['m.example.com/nginx', 'docker.io/library/nginx', 'm.example.com/nginx', ['docker.io/library/nginx']],
  ['m.example.com/nginx', 'docker.io/library/*', 'm.example.com/hub/*', []],
  ['m.example.com/hub', 'docker.io/**', 'm.example.com/hub/**', []],
  ['m.example.com/nginx', 'docker.io/**', 'm.example.com/**', []],
  ['m.example.com/ghcr.io/a/b', '**', 'm.example.com/**', ['ghcr.io/a/b']],
  ['m.example.com/a/b', '**', 'm.example.com/**', []],
  ['eu.example.com/p/i', '*.gcr.io/**', '*.example.com/**', ['eu.gcr.io/p/i']],
  ['m.example.com/eu-gcr/p', '*.gcr.io/**', 'm.example.com/*-gcr/**', ['eu.gcr.io/p']],
  ['m.example.com:443/a/b', 'docker.io/**', 'm.example.com/**', ['docker.io/a/b']],
  ['quay.io/team/nginx-hardened', '**/nginx', '**/nginx-hardened', ['quay.io/team/nginx']],
  ['m.example.com/a-b-c', 'quay.io/x/*-*', 'm.example.com/*-*', ['quay.io/x/a-b-c']],
  ['m.example.com/a-b-c', 'quay.io/x/*_*', 'm.example.com/*-*', ['quay.io/x/a_b-c', 'quay.io/x/a-b_c']],
  ['m.example.com/a/x/b/x/c', 'quay.io/**/y/**', 'm.example.com/**/x/**', ['quay.io/a/y/b/x/c', 'quay.io/a/x/b/y/c']],
];

test.each(SOURCES)('%s can come, by %s -> %s, from %j', (image, from, to, sources) => {
  const parsed = parseReference(image);
  if (!parsed.ok) throw new Error(parsed.problem);
  expect(possibleSources(rewritingOf(from, to), parsed.reference).map(({ text }) => text)).toEqual(sources);
});
