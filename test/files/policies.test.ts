/** Policies, lists and exceptions from files: they find each other in whatever order they stand, and faults name their place. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPolicies } from '../../src/files/policies.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { cpuRatio } from '../support/cpu-ratio.ts';
import { findingsOf, pod, requestFor } from '../policy/fixtures.ts';
import { UserError } from '../../src/error/user-error.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-policies-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const vocabulary = { rules: RULES, kinds: kindTable() };
type Files = Readonly<Record<string, string>>;

const load = (files: Files): ReturnType<typeof loadPolicies> => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return loadPolicies([folder], vocabulary);
};

/** Returns the problems, one per line, with locations relative to the directory. */
async function faultsOf(files: Files): Promise<readonly string[]> {
  try {
    await load(files);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.replaceAll(`${folder}/`, '').replaceAll(folder, '.').split('\n');
  }
}

const document = (kind: string, name: string, spec: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
const policy = (name: string, spec = 'rules: [{rule: image-digest}]'): string => document('ImagePolicy', name, spec);
const list = (name: string, spec: string): string => document('ImageNameList', name, spec);
const exception = (name: string, more: Files = {}): string => {
  const spec: Files = {
    policy: 'base',
    rules: '[image-digest]',
    match: '{namespaces: [shop]}',
    owner: 'team-shop',
    reason: 'known',
    expires: '2027-01-31',
    ...more,
  };
  const lines = Object.entries(spec).map(([key, value]) => `${key}: ${value}`);
  return document('ImagePolicyException', name, lines.join('\n'));
};
const allowing = (...elements: readonly string[]): string =>
  `rules:\n  - rule: image-registry\n    parameters:\n      allow:\n${elements.map((one) => `        - ${one}`).join('\n')}`;

describe('patterns of names that a policy changes', () => {
  const hub = (more = ''): string => `rewrite: [{from: "docker.io/**", to: "m.io/hub/**"${more}}]`;
  const denying = (...patterns: readonly string[]): string =>
    `rules:\n  - rule: image-registry\n    parameters: {deny: [${patterns.map((one) => `"${one}"`).join(', ')}]}`;
  test.each<readonly [what: string, files: Files, expected: readonly string[]]>([
    [
      'of another policy',
      { 'a.yaml': policy('a', hub()), 'b.yaml': policy('b', denying('quay.io/x/**', 'docker.io/evil/*:1.*')) },
      [
        'b.yaml:7:43 policy "b": "docker.io/evil/*:1.*" does not match images that policy "a" renames to "m.io/hub/evil/*:1.*"; to cover them as well, add this pattern',
      ],
    ],
    [
      'of the same policy',
      { 'a.yaml': policy('a', `${hub()}\n${denying('nginx')}`) },
      [
        'a.yaml:8:27 policy "a": "nginx" does not match images that policy "a" renames to "m.io/hub/library/nginx"; to cover them as well, add this pattern',
      ],
    ],
    [
      'with the new name denied as well',
      { 'a.yaml': policy('a', `${hub()}\n${denying('docker.io/evil/**', 'm.io/*/evil/**')}`) },
      [],
    ],
    [
      'in the scope of a policy with rules',
      {
        'a.yaml': policy('a', hub()),
        'b.yaml': policy('b', 'match: {images: ["docker.io/acme/**", "docker.io/**"]}\nrules: [{rule: image-digest}]'),
      },
      [
        'b.yaml:5:20 policy "b": "docker.io/acme/**" does not match images that policy "a" renames to "m.io/hub/acme/**"; to cover them as well, add this pattern',
      ],
    ],
    [
      'in the scope of a policy without rules',
      { 'a.yaml': policy('a', hub()), 'b.yaml': policy('b', 'match: {images: ["docker.io/acme/**"]}\npin: {}') },
      [],
    ],
    ['which are all that it changes', { 'a.yaml': policy('a', `${hub()}\n${denying('docker.io/**')}`) }, []],
    ['if it only warns', { 'a.yaml': policy('a', `${hub(', mode: warn')}\n${denying('nginx')}`) }, []],
    ['which it does not change', { 'a.yaml': policy('a', `${hub()}\n${denying('**/nginx', 'quay.io/**')}`) }, []],
  ])('%s', async (_what, files, expected) => {
    const { notices } = await load(files);
    expect(
      notices.map(({ file, line, column, message }) => `${path.basename(file)}:${line}:${column} ${message}`),
    ).toEqual(expected);
  });
});

describe('what is loaded', () => {
  test('finds lists and policies in whatever file and order they stand', async () => {
    const { policies, exceptions, notices } = await load({
      'a-exception.yaml': exception('legacy', { policy: 'base', rules: '[image-registry]' }),
      'b-policy.yaml': policy('base', allowing('{list: ours}', 'quay.io/team/**')),
      'nested/c-list.yml': list('ours', 'items: [registry.example.com/**, docker.io/library/*]'),
    });
    expect(exceptions.map(({ name, policy: of, rules, expires }) => ({ name, of, rules, expires }))).toEqual([
      { name: 'legacy', of: 'base', rules: ['image-registry'], expires: '2027-01-31' },
    ]);
    expect(notices).toEqual([]);
    const images = ['registry.example.com/a:1', 'nginx:1', 'quay.io/team/a:1', 'quay.io/other/a:1'];
    const refused = images.filter(
      (image) => findingsOf(policies, requestFor(pod(`{containers: [{name: c, image: "${image}"}]}`))).length > 0,
    );
    expect(refused).toEqual(['quay.io/other/a:1']);
  });

  test('may be several documents of one file, and JSON', async () => {
    const json = JSON.stringify({
      apiVersion: 'tidewaiter.dev/v1alpha1',
      kind: 'ImageNameList',
      metadata: { name: 'ours' },
      spec: { description: 'ours', items: ['a.io/**'] },
    });
    const { policies } = await load({
      'all.yaml': `${policy('base', allowing('{list: ours}'))}---\n${exception('x', { rules: '[image-registry]' })}`,
      'list.json': json,
    });
    expect(policies.map(({ name }) => name)).toEqual(['base']);
  });

  test('are limited to 4 MiB in one file', async () => {
    const text = policy('a');
    const atLimit = `${text}#${' '.repeat(4 * 1024 * 1024 - text.length - 1)}`;
    expect(await faultsOf({ 'a.yaml': atLimit, 'b.yaml': policy('b') })).toEqual([]);
    expect(await faultsOf({ 'a.yaml': `${atLimit} `, 'b.yaml': policy('b') })).toEqual([
      'a.yaml: larger than 4 MiB, the limit for a policy file; split it into several files and lists',
    ]);
  });

  test('rejects rewrites of two policies that undo each other', async () => {
    const rewriting = (from: string, to: string): string => `rewrite: [{from: ${from}, to: ${to}}]`;
    const files = {
      'a.yaml': policy('near', rewriting('quay.io/**', 'm.example.com/**')),
      'b.yaml': policy('far', rewriting('m.example.com/**', 'quay.io/**')),
    };
    expect(await faultsOf(files)).toEqual([
      'a.yaml:5:3: spec/rewrite: the rewrites would follow each other without end: quay.io/** (near) -> m.example.com/**, m.example.com/** (far) -> quay.io/**; narrow one of them, so that no image returns',
    ]);
    expect(
      await faultsOf({ ...files, 'b.yaml': policy('far', rewriting('m.example.com/**', 'n.example.com/**')) }),
    ).toEqual([]);
  });

  test('leaves kustomizations alone', async () => {
    expect(await faultsOf({ 'kustomization.yaml': 'kind: Kustomization\n', 'p.yaml': policy('base') })).toEqual([]);
  });

  // kubectl sends `2027-01-31` without quotes as a text, whatever YAML 1.1 says of timestamps.
  test.each(['2027-01-31', '"2027-01-31"', "'2027-01-31'"])('reads the day %s', async (expires) => {
    const { exceptions } = await load({ 'p.yaml': policy('base'), 'x.yaml': exception('x', { expires }) });
    expect(exceptions[0]).toMatchObject({ expires: '2027-01-31', endsAt: Date.UTC(2027, 1, 1) });
  });

  test('reports unused lists and clauses that are never true, with their locations', async () => {
    const { notices } = await load({
      'all.yaml': [
        policy('base', 'match: {namespaces: [a, b]}\nexclude: {namespaces: ["*"]}\nrules: [{rule: image-digest}]'),
        list('spare', 'items: [a]'),
        exception('x', { match: '{kinds: ["ClusterTask*"], namespaces: [shop]}' }),
      ].join('---\n'),
    });
    expect(
      notices.map(({ file, line, column, message }) => `${path.basename(file)}:${line}:${column} ${message}`),
    ).toEqual([
      'all.yaml:6:12 policy "base": never applies: "exclude" removes everything that "match" selects',
      'all.yaml:21:10 exception "x": excuses nothing: objects of kind "ClusterTask*" have no namespace, but "namespaces" requires one',
      'all.yaml:11:18 list "spare" is not used',
    ]);
  });
});

describe('faults', () => {
  test.each<[string, Files, readonly string[]]>([
    [
      'an unknown kind',
      { 'p.yaml': policy('base').replace('ImagePolicy', 'ImagePolicies') },
      [
        'p.yaml:2:7: unknown kind "ImagePolicies"; did you mean "ImagePolicy"? (expected "ImagePolicy", "ImagePolicyException", or "ImageNameList")',
      ],
    ],
    [
      'a Kubernetes list of policies',
      {
        'a.yaml': 'apiVersion: v1\nkind: List\nitems: []\n',
        'b.yaml': 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyList\nitems: []\n',
      },
      [
        'a.yaml:2:7: a policy file cannot contain kind "List"; write each item as a document, with "---" between documents',
        'b.yaml:2:7: a policy file cannot contain kind "ImagePolicyList"; write each item as a document, with "---" between documents',
      ],
    ],
    [
      'a policy under the former kind of lists',
      { 'p.yaml': policy('base').replace('ImagePolicy', 'ImagePolicyList') },
      ['p.yaml:2:7: kind "ImagePolicyList" is a list of strings; use kind: ImagePolicy for a policy'],
    ],
    [
      'names that stand twice, each kind for itself',
      {
        'a.yaml': policy('same'),
        'b.yaml': `${list('same', 'items: [a]')}---\n${list('same', 'items: [b]')}`,
        'c.yaml': exception('same', { policy: 'same' }),
        'd.yaml': exception('same', { policy: 'same' }),
      },
      [
        'b.yaml:9:18: metadata/name: duplicate list "same"; first defined at b.yaml:3:18',
        'd.yaml:3:18: metadata/name: duplicate exception "same"; first defined at c.yaml:3:18',
      ],
    ],
    [
      'a namespace in a list, once for all places that use it',
      {
        'p.yaml': policy('one', 'match: {namespaces: [{list: teams}]}\nrules: [{rule: image-digest}]'),
        'q.yaml': policy('two', 'exclude: {namespaces: [a, {list: teams}]}\nrules: [{rule: image-digest}]'),
        'l.yaml': list('teams', 'items: [shop, "!kube-system", Shop]'),
        'x.yaml': exception('x', { policy: 'one', match: '{namespaces: [{list: teams}]}' }),
      },
      [
        'l.yaml:5:17: spec/items/1: "!kube-system" cannot match any namespace: "!" does not negate; put "kube-system" under exclude.namespaces (used at p.yaml:5:24)',
        'l.yaml:5:17: spec/items/1: "!kube-system" cannot match any namespace: "!" does not negate; put "kube-system" under match.namespaces (used at q.yaml:5:29)',
        'l.yaml:5:17: spec/items/1: "!kube-system" cannot match any namespace: "!" does not negate; list the namespaces that are meant (used at x.yaml:7:24)',
        'l.yaml:5:33: spec/items/2: "Shop" cannot match any namespace: namespaces have no uppercase letters; use "shop" (used at p.yaml:5:24)',
      ],
    ],
    [
      'all of several files at once, from top to bottom, each once',
      {
        'a.yaml': policy(
          'one',
          'match: {namespaces: ["sho?"]}\nrules:\n  - rule: image-tagg\n  - rule: image-tag\n    acton: warn\n    parameters: {deny: ["!latest"]}\n  - rule: cel\n    parameters: {expression: "1 +"}\n  - rule: image-registry\n    parameters: {allow: [{list: ours}, {list: theirs}, "a b"]}',
        ),
        'b.yaml': list('ours', 'items: [c d]'),
        'c.yaml': exception('x', { policy: 'one', match: '{names: [Web]}', owner: '""', expires: '2027-02-30' }),
        'd.yaml': policy('one', 'rules: [{rule: 1}, {rule: nope}]'),
      },
      [
        'a.yaml:5:24: spec/match/namespaces/0: "sho?" cannot match any namespace: only "*" is a special character; use "sho*"',
        'a.yaml:7:13: spec/rules/0/rule: unknown rule "image-tagg"; did you mean "image-tag"? (all rules: tidewaiter rules)',
        'a.yaml:9:7: spec/rules/1/acton: unknown key "acton"; did you mean "action"? (expected rule, action, onUnknown, parameters, or message)',
        'a.yaml:10:27: spec/rules/1/parameters/deny/0: "!latest" cannot match any tag: "!" does not negate; put "latest" under allow',
        'a.yaml:12:32: spec/rules/2/parameters/expression: column 4: expected a value, found the end',
        'a.yaml:14:49: spec/rules/3/parameters/allow/1/list: unknown list "theirs" (all lists: ours)',
        'a.yaml:14:58: spec/rules/3/parameters/allow/2: "a b" is not a pattern: whitespace is not allowed; use, for example, registry.example.com/**',
        'b.yaml:5:11: spec/items/0: "c d" is not a pattern: whitespace is not allowed; use, for example, registry.example.com/** (used at a.yaml:14:28)',
        'c.yaml:7:19: spec/match/names/0: "Web" cannot match any object name: object names have no uppercase letters; use "web"',
        'c.yaml:8:10: spec/owner: invalid value "": expected at least one letter or digit, and at most 500 characters',
        'c.yaml:10:12: spec/expires: "2027-02-30" is not a valid date',
        'd.yaml:3:18: metadata/name: duplicate policy "one"; first defined at a.yaml:3:18',
        'd.yaml:5:18: spec/rules/0/rule: expected a string, found a number',
        'd.yaml:5:29: spec/rules/1/rule: unknown rule "nope" (all rules: tidewaiter rules)',
      ],
    ],
    [
      'a list that is not there',
      {
        'p.yaml': policy('base', allowing('{list: company-registrys}')),
        'l.yaml': list('company-registries', 'items: [a]'),
      },
      [
        'p.yaml:9:20: spec/rules/0/parameters/allow/0/list: unknown list "company-registrys"; did you mean "company-registries"? (all lists: company-registries)',
      ],
    ],
    [
      'a list where there is none',
      { 'p.yaml': policy('base', 'match: {namespaces: [{list: x}]}\nrules: [{rule: image-digest}]') },
      [
        'p.yaml:5:31: spec/match/namespaces/0/list: unknown list "x" (no lists are loaded; create a list with kind: ImageNameList)',
      ],
    ],
    [
      'an object that is not a reference',
      {
        'p.yaml': policy(
          'base',
          allowing('{lists: x}', '{list: x, of: y}', '{list: 1}', '{list: [x]}', '{}', 'a.io/**'),
        ),
      },
      [0, 1, 2, 3, 4].map(
        (index) =>
          `p.yaml:${9 + index}:13: spec/rules/0/parameters/allow/${index}: expected a string or {list: NAME}, found another object`,
      ),
    ],
    [
      'a reference where no texts are expected',
      { 'p.yaml': policy('base', 'match: {containers: [{list: x}]}\nrules: [{rule: image-digest}]') },
      [
        'p.yaml:5:24: spec/match/containers/0: expected "regular", "init", "sidecar", "ephemeral", or "volume", found an object',
      ],
    ],
    [
      'a list that holds what no list can, told without those who use it',
      { 'l.yaml': list('l', 'items: [1, {list: m}, ""]\nitem: x'), 'p.yaml': policy('base', allowing('{list: l}')) },
      [
        'l.yaml:5:11: spec/items/0: expected a string, found a number',
        'l.yaml:5:14: spec/items/1: expected a string, found an object',
        'l.yaml:5:25: spec/items/2: must not be empty',
        'l.yaml:6:3: spec/item: unknown key "item"; did you mean "items"? (expected description or items)',
      ],
    ],
    [
      'an empty list',
      { 'l.yaml': list('l', 'items: []'), 'p.yaml': policy('base') },
      ['l.yaml:5:10: spec/items: must not be empty'],
    ],
    [
      'a bad pattern in a list, once, where it stands, however often the list is used',
      {
        'l.yaml': list('l', 'items:\n  - a.io/**\n  - https://b.io'),
        'p.yaml': `${policy('one', allowing('x.io/**', '{list: l}', 'https://c.io'))}---\n${policy('two', allowing('{list: l}'))}---\n${policy('three', 'exclude: {images: [{list: l}]}\nrules: [{rule: image-digest}]')}`,
      },
      [
        'l.yaml:7:7: spec/items/1: "https://b.io" is not a pattern: remove "https://"; use, for example, b.io/** (used at p.yaml:10:13)',
        'p.yaml:11:13: spec/rules/0/parameters/allow/2: "https://c.io" is not a pattern: remove "https://"; use, for example, c.io/**',
      ],
    ],
    [
      'an item that its place does not take',
      {
        'l.yaml': list('l', 'items: [latest, "a b"]'),
        'p.yaml': policy('base', 'rules: [{rule: image-tag, parameters: {deny: [{list: l}]}}]'),
      },
      [
        'l.yaml:5:19: spec/items/1: "a b" cannot match any tag: tags have letters, digits, "_", ".", and "-", at most 128 characters, and begin with neither "." nor "-"; use "a-b" (used at p.yaml:5:49)',
      ],
    ],
    [
      'an exception for what is not there',
      {
        'p.yaml': policy('base'),
        'x.yaml': `${exception('a', { policy: 'bsae' })}---\n${exception('b', { rules: '[image-digets, image-tag]' })}`,
      },
      [
        'x.yaml:5:11: spec/policy: unknown policy "bsae"; did you mean "base"? (all policies: base)',
        'x.yaml:17:11: spec/rules/0: policy "base" has no rule "image-digets"; did you mean "image-digest"? (its rules: image-digest)',
        'x.yaml:17:25: spec/rules/1: policy "base" has no rule "image-tag" (its rules: image-digest)',
      ],
    ],
    [
      'a policy that cannot be read, told without the exceptions for it',
      { 'p.yaml': policy('base', 'rules: []'), 'x.yaml': exception('a') },
      ['p.yaml:5:10: spec/rules: must not be empty'],
    ],
    [
      'exceptions and lists alone',
      { 'l.yaml': list('l', 'items: [a]') },
      ['.: no policy found; exceptions and lists must be next to their policies'],
    ],
    ['no document at all', { 'l.yaml': '# nothing\n' }, ['.: no policy found']],
    [
      'file by file, from top to bottom, whatever the kind',
      {
        'a.yaml': `${exception('x', { expires: 'soon' })}---\n${policy('base', 'rules: []')}---\n${list('l', 'items: []')}`,
        'b.yaml': 'a: [\n',
        'c.yaml': exception('z', { policy: 'x' }),
      },
      [
        'a.yaml:10:12: spec/expires: invalid value "soon": expected a date in the form YYYY-MM-DD, for example 2027-01-31',
        'a.yaml:16:10: spec/rules: must not be empty',
        'a.yaml:22:10: spec/items: must not be empty',
        'b.yaml:1:4: unclosed "["',
        'c.yaml:5:11: spec/policy: unknown policy "x" (all policies: base)',
      ],
    ],
  ])('%s', async (_what, files, faults) => {
    const found = await faultsOf(files);
    expect(found).toEqual(faults);
  });
});

describe('a list of ten thousand patterns', () => {
  const items = Array.from({ length: 10_000 }, (_, index) => `- registry-${index}.example.com/team/**`).join('\n');

  test('is compiled once for a hundred policies, alone and beside others', async () => {
    const policies = Array.from({ length: 100 }, (_, index) =>
      policy(`p-${index}`, index % 2 === 0 ? allowing('{list: big}') : allowing('{list: big}', 'quay.io/**')),
    );
    const loadFirst = (count: number): ReturnType<typeof load> =>
      load({ 'big.yaml': list('big', `items:\n${items}`), 'p.yaml': policies.slice(0, count).join('---\n') });
    const loaded = await loadFirst(100);
    expect(loaded.policies).toHaveLength(100);
    // Compiled for each policy, ten times the policies take almost ten times as long.
    expect(await cpuRatio(loadFirst, { small: 10, large: 100 })).toBeLessThan(4);
    const request = requestFor(
      pod('{containers: [{name: c, image: "registry-9999.example.com/team/a:1"}, {name: d, image: "evil.io/a:1"}]}'),
    );
    expect(findingsOf(loaded.policies, request).map(({ container }) => container?.name)).toEqual(
      Array.from({ length: 100 }, () => 'd'),
    );
  }, 30_000);

  test('all of them bad, is told once for each item', async () => {
    const bad = items.replaceAll('- ', '- https://');
    const policies = Array.from({ length: 20 }, (_, index) => policy(`p-${index}`, allowing('{list: big}')));
    const faults = await faultsOf({ 'big.yaml': list('big', `items:\n${bad}`), 'p.yaml': policies.join('---\n') });
    expect(faults).toHaveLength(10_000);
    expect(faults[0]).toMatch(/^big\.yaml:6:5: spec\/items\/0: .*\(used at p\.yaml:9:13\)$/);
  }, 30_000);
});

test('policies that are read together share what they check alike, also across files and through lists', async () => {
  const rules = (allow: string): string =>
    `rules:\n- {rule: image-digest}\n- {rule: image-registry, parameters: {allow: [${allow}]}}`;
  const { policies } = await load({
    'a.yaml': policy('a', rules('registry.example.com/**')),
    'b/b.yaml': policy('b', `match: {namespaces: [shop]}\n${rules('{list: ours}')}`),
    'c.yaml': list('ours', 'items: [registry.example.com/**]'),
  });
  const checks = policies.flatMap(({ bindings }) => bindings.map(({ check }) => check));
  expect([checks.length, new Set(checks).size]).toEqual([4, 2]);
});
