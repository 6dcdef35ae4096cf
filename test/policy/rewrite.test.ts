/** `spec.rewrite`: what is accepted, what it means, and what is said of mistakes. */
import { describe, expect, test } from 'vitest';
import { REGISTRY_CAUSES } from '../../src/policy/registry-fact.ts';
import type { Rewrite } from '../../src/policy/rewrite.ts';
import { policyOf, read } from './fixtures.ts';

function rewriteOf(more: string): Rewrite {
  const [rewrite] = policyOf(`{rewrite: [{from: "docker.io/**", to: "mirror.example.com/**"${more}}]}`).rewrites ?? [];
  if (rewrite === undefined) throw new Error('no rewrite');
  return rewrite;
}

test('a policy that rewrites needs no rules, and by default asks the mirror, keeps what it lacks, and changes workloads', () => {
  const rewrite = rewriteOf('');
  expect(rewrite).toMatchObject({ when: 'available', mode: 'workload', annotate: false });
  expect(REGISTRY_CAUSES.map((cause) => rewrite.onFailure(cause))).toEqual(REGISTRY_CAUSES.map(() => 'keep'));
});

test.each([
  ['deny', { notFound: 'deny', timeout: 'deny' }],
  ['{notFound: deny}', { notFound: 'deny', timeout: 'keep' }],
  ['{notFound: deny, other: warn}', { notFound: 'deny', timeout: 'warn' }],
])('onFailure: %s', (onFailure, expected) => {
  const rewrite = rewriteOf(`, onFailure: ${onFailure}`);
  const actions = Object.fromEntries(REGISTRY_CAUSES.map((cause) => [cause, rewrite.onFailure(cause)]));
  expect(actions).toMatchObject(expected);
});

describe('faults', () => {
  const entry = (text: string): string => `{rewrite: [{from: "docker.io/**", to: "mirror.example.com/**"}, ${text}]}`;
  test.each<readonly [spec: string, faults: readonly string[]]>([
    ['{rewrite: []}', ['value /spec/rewrite: must not be empty']],
    [entry('{from: "quay.io/**"}'), ['value /spec/rewrite/1: "to" is required']],
    [
      entry('{from: "quay.io/*/*", to: "m.example.com/*"}'),
      [
        'value /spec/rewrite/1/to: "m.example.com/*" has the wildcard "*", but "from" has the wildcards "*", "*"; each wildcard must come again, in the same order, so that no part of the name is lost',
      ],
    ],
    [
      entry('{from: "quay.io/**", to: "hub/**"}'),
      ['value /spec/rewrite/1/to: "hub/**" has no registry; write, for example, registry.example.com/hub/**'],
    ],
    [
      entry('{from: "https://quay.io/**", to: "m.example.com/**"}'),
      [
        'value /spec/rewrite/1/from: "https://quay.io/**" is not a pattern: remove "https://"; use, for example, quay.io/**',
      ],
    ],
    [
      entry('{from: "mirror.example.com/**", to: "docker.io/**"}'),
      [
        'value /spec/rewrite/0: the rewrites would follow each other without end: docker.io/** -> mirror.example.com/**, mirror.example.com/** -> docker.io/**; narrow one of them, so that no image returns',
      ],
    ],
    [
      entry('{from: "quay.io/**", to: "m.example.com/**", when: never}'),
      ['value /spec/rewrite/1/when: invalid value "never" (expected "available", "always", or "originUnavailable")'],
    ],
    [
      entry('{from: "quay.io/**", to: "m.example.com/**", onFailure: allow}'),
      [
        'value /spec/rewrite/1/onFailure: invalid value "allow": expected "keep", "warn", "deny", or a map from cause to action such as {notFound: deny, other: keep}',
      ],
    ],
  ])('%s', (spec, faults) => {
    const result = read(spec);
    expect(result.ok ? [] : result.faults.map(({ pointer, problem, at }) => `${at} ${pointer}: ${problem}`)).toEqual(
      faults,
    );
  });
});

describe('entries that change no image', () => {
  test.each<readonly [entries: string, problems: readonly string[]]>([
    ['{from: "docker.io/library/*", to: "n.io/*"}, {from: "docker.io/**", to: "m.io/**"}', []],
    [
      '{from: "docker.io/**", to: "m.io/**"}, {from: "docker.io/library/*", to: "n.io/*"}',
      ['/spec/rewrite/1: never applies: entry 1 comes first and matches every image that its "from" matches'],
    ],
    ['{from: "docker.io/**:1.*", to: "m.io/**"}, {from: "docker.io/**", to: "n.io/**"}', []],
    // Images that are at the target of the first entry are left to the second one.
    ['{from: "docker.io/**", to: "docker.io/hub/**"}, {from: "docker.io/hub/*", to: "n.io/*"}', []],
    [
      '{from: "docker.io/acme/**", to: "docker.io/**"}',
      ['/spec/rewrite/0: changes nothing: "to" matches every image that "from" matches'],
    ],
    ['{from: "docker.io/**", to: "docker.io/acme/**"}', []],
  ])('%s', (entries, problems) => {
    const result = read(`{rewrite: [${entries}]}`);
    expect(result.ok && result.deadClauses.map(({ pointer, problem }) => `${pointer}: ${problem}`)).toEqual(problems);
  });
});
