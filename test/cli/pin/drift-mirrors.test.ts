/** `drift` with policies that rewrite: tags that have another digest at a mirror. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DriftReport, MirrorRow } from '../../../src/report/pin.ts';
import { runCommand } from '../../support/command.ts';
import { fakeRegistry, NOT_FOUND, RATE_LIMITED, runDrift, type LookupResult } from '../../support/pin-registry.ts';
import { type OriginAndMirror, startOriginAndMirror } from '../../support/origin-and-mirror.ts';
import { type MadeImage, makeImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import { dockerRegistryMissing, type RunningRegistry } from '../../support/registry-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-drift-mirrors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const policyText = (name: string, spec: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

const pod = (image: string, namespace = 'shop'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: ${namespace}}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;

const mirrorsIn = (out: string): readonly MirrorRow[] => (JSON.parse(out) as DriftReport).mirrors;

const [A, B] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
const HUB = '{rewrite: [{from: "docker.io/**", to: "m.io/hub/**"}]}';
const CHAIN = '{rewrite: [{from: "docker.io/**", to: "m.io/hub/**"}, {from: "m.io/hub/**", to: "near.io/**"}]}';
const BOTH = '{rewrite: [{from: "docker.io/**", to: "m.io/**"}, {from: "quay.io/**", to: "m.io/**"}]}';
const SHOP = '{match: {namespaces: [shop]}, rewrite: [{from: "docker.io/**", to: "m.io/hub/**"}]}';
const LABELED =
  '{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "docker.io/**", to: "m.io/hub/**"}]}';
const ORIGIN = 'docker.io/library/nginx:1';
const MIRROR = 'm.io/hub/library/nginx:1';

interface Row {
  readonly what: string;
  readonly image?: string;
  readonly namespace?: string;
  readonly spec?: string;
  readonly table: Readonly<Record<string, LookupResult>>;
  readonly code: number;
  /** Names of the original and the mirror, with the state. */
  readonly rows: readonly (readonly [original: string | null, mirror: string | null, state: string])[];
  readonly message?: string;
}

describe('drift, with policies that rewrite', () => {
  test.each<Row>([
    { what: 'equal', table: { [ORIGIN]: A, [MIRROR]: A }, code: 0, rows: [['nginx:1', MIRROR, 'current']] },
    {
      what: 'another digest',
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 1,
      rows: [['nginx:1', MIRROR, 'mirror-differs']],
      message: `image "${MIRROR}" has ${B}, but the original "nginx:1" has ${A}`,
    },
    {
      what: 'another digest, of a file that names the mirror',
      image: MIRROR,
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 1,
      rows: [[ORIGIN, MIRROR, 'mirror-differs']],
    },
    {
      what: 'the default tag',
      image: 'nginx',
      table: { 'docker.io/library/nginx:latest': A, 'm.io/hub/library/nginx:latest': B },
      code: 1,
      rows: [['nginx:latest', 'm.io/hub/library/nginx:latest', 'mirror-differs']],
    },
    {
      what: 'pinned: the tags are compared, and the pin has not drifted',
      image: `nginx:1@${A}`,
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 1,
      rows: [['nginx:1', MIRROR, 'mirror-differs']],
    },
    {
      what: 'pinned at the mirror',
      image: `${MIRROR}@${B}`,
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 1,
      rows: [[ORIGIN, MIRROR, 'mirror-differs']],
    },
    { what: 'only a digest', image: `nginx@${A}`, table: {}, code: 0, rows: [] },
    { what: 'no rewrite matches', image: 'ghcr.io/a/b:1', table: {}, code: 0, rows: [] },
    {
      what: 'the mirror lacks it',
      table: { [ORIGIN]: A, [MIRROR]: NOT_FOUND },
      code: 0,
      rows: [['nginx:1', MIRROR, 'missing']],
    },
    {
      what: 'the original lacks it',
      table: { [ORIGIN]: NOT_FOUND, [MIRROR]: A },
      code: 0,
      rows: [['nginx:1', MIRROR, 'missing']],
    },
    {
      what: 'the mirror does not tell',
      table: { [ORIGIN]: A, [MIRROR]: RATE_LIMITED },
      code: 2,
      rows: [['nginx:1', MIRROR, 'unknown']],
      message: `cannot compare image "${MIRROR}" with the original: registry.example.com answered 429, retry in 30 s; log in`,
    },
    {
      what: 'the original does not tell, and the mirror lacks it',
      table: { [ORIGIN]: RATE_LIMITED, [MIRROR]: NOT_FOUND },
      code: 2,
      rows: [['nginx:1', MIRROR, 'unknown']],
    },
    {
      what: 'each name of a chain',
      spec: CHAIN,
      table: { [ORIGIN]: A, [MIRROR]: A, 'near.io/library/nginx:1': B },
      code: 1,
      rows: [
        ['nginx:1', MIRROR, 'current'],
        ['nginx:1', 'near.io/library/nginx:1', 'mirror-differs'],
      ],
    },
    {
      what: 'the last name of a chain',
      image: 'near.io/library/nginx:1',
      spec: CHAIN,
      table: { [ORIGIN]: A, [MIRROR]: A, 'near.io/library/nginx:1': B },
      code: 1,
      rows: [
        [ORIGIN, MIRROR, 'current'],
        [ORIGIN, 'near.io/library/nginx:1', 'mirror-differs'],
      ],
    },
    {
      what: 'a name at the mirror that is too long',
      image: `${'a/'.repeat(124)}nginx:1`,
      table: {},
      code: 0,
      rows: [[`${'a/'.repeat(124)}nginx:1`, null, 'invalid-name']],
      message: 'stays as written: the new name "m.io/hub/a/a/',
    },
    {
      what: 'a registry with a port, which cannot be a part of a path, of a chain',
      image: 'localhost:5000/web:1',
      spec: '{rewrite: [{from: "localhost:5000/**", to: "host.io:1/**"}, {from: "**", to: "m.io/**"}]}',
      table: { 'localhost:5000/web:1': A, 'host.io:1/web:1': B },
      code: 1,
      rows: [
        ['localhost:5000/web:1', 'host.io:1/web:1', 'mirror-differs'],
        ['localhost:5000/web:1', null, 'invalid-name'],
      ],
      message:
        'image "localhost:5000/web:1" stays as written: the new name "m.io/host.io:1/web" is invalid: a registry with a port ("host.io:1") cannot be a part of a path',
    },
    {
      what: 'several images can be the original',
      image: 'm.io/a/b:1',
      spec: BOTH,
      table: {},
      code: 2,
      rows: [[null, 'm.io/a/b:1', 'unknown']],
      message: 'cannot compare image "m.io/a/b:1" with the original: the rewrites of the policies turn several images',
    },
    {
      what: 'the namespace of the policy',
      spec: SHOP,
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 1,
      rows: [['nginx:1', MIRROR, 'mirror-differs']],
    },
    { what: 'another namespace', namespace: 'other', spec: SHOP, table: {}, code: 0, rows: [] },
    {
      what: 'a namespace without known labels',
      spec: LABELED,
      table: { [ORIGIN]: A, [MIRROR]: B },
      code: 2,
      rows: [['nginx:1', MIRROR, 'unknown']],
      message: 'cannot determine whether the policy applies: ',
    },
    {
      what: 'a namespace without known labels, and equal digests',
      spec: LABELED,
      table: { [ORIGIN]: A, [MIRROR]: A },
      code: 0,
      rows: [['nginx:1', MIRROR, 'current']],
    },
  ])('$what', async ({ image = 'nginx:1', namespace, spec = HUB, table, code, rows, message = '' }) => {
    const input = file('pod.yaml', pod(image, namespace));
    const policy = [file('policy.yaml', policyText('p', spec))];
    const result = await runDrift([input], { policy, output: 'json' }, { registry: fakeRegistry(table) });
    const mirrors = mirrorsIn(result.out);
    expect(mirrors.map(({ original, mirror, state }) => [original, mirror, state])).toEqual(rows);
    expect(mirrors.map((row) => row.message).join('\n')).toContain(message);
    expect(result.code).toBe(code);
  });

  test('prints the places and the numbers', async () => {
    const input = file('pod.yaml', `${pod('nginx:1')}---\n${pod(`nginx:2@${A}`)}`);
    const policy = [file('policy.yaml', policyText('p', HUB))];
    const table = { [ORIGIN]: A, [MIRROR]: B, 'docker.io/library/nginx:2': A, 'm.io/hub/library/nginx:2': A };
    expect(await runDrift([input], { policy }, { registry: fakeRegistry(table) })).toEqual({
      code: 1,
      out: `${input}:4:38  mirror-differs  image "${MIRROR}" has ${B}, but the original "nginx:1" has ${A}
1 file, 1 pinned image: 0 drifted, 0 unknown; 2 names at mirrors: 1 mirror-differs, 0 unknown
`,
      note: '',
    });
  });

  test('names images that stay because their names at the mirror are invalid', async () => {
    const input = file('pod.yaml', pod('localhost:5000/web:1'));
    const policy = [file('policy.yaml', policyText('p', '{rewrite: [{from: "**", to: "m.io/**"}]}'))];
    const { code, out } = await runDrift([input], { policy }, { registry: fakeRegistry({}) });
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        expect.stringMatching(
          /pod.yaml:4:38 {2}invalid-name {2}image "localhost:5000\/web:1" stays as written: the new name "m.io\/localhost:5000\/web" is invalid: a registry with a port /,
        ),
        '1 file, 0 pinned images: 0 drifted, 0 unknown; 1 name at mirrors: 0 mirror-differs, 0 unknown, 1 invalid-name',
        '',
      ],
    ]);
  });

  test('a mirror without access is one line', async () => {
    const images = ['1', '2', '3', '4'].map((tag) => pod(`nginx:${tag}`));
    const input = file('pod.yaml', images.join('---\n'));
    const policy = [file('policy.yaml', policyText('p', HUB))];
    const table = Object.fromEntries(
      ['1', '2', '3', '4'].map((tag) => [`m.io/hub/library/nginx:${tag}`, RATE_LIMITED]),
    );
    const { code, out } = await runDrift([input], { policy }, { registry: fakeRegistry(table) });
    expect([code, out.split('\n')[0]]).toEqual([
      2,
      `unknown  cannot compare 4 images with the original: registry.example.com answered 429, retry in 30 s; log in ("${MIRROR}", "m.io/hub/library/nginx:2", "m.io/hub/library/nginx:3" and 1 more: see -o json)`,
    ]);
  });

  test('an image of a kustomization has the name that it is built with', async () => {
    const manifest = pod('app', 'shop');
    const base = file('kustomize/pod.yaml', manifest);
    const overlay = file(
      'kustomize/kustomization.yaml',
      'resources: [pod.yaml]\nimages:\n- name: app\n  newName: nginx\n  newTag: "1"\n',
    );
    const policy = [file('policy.yaml', policyText('p', HUB))];
    const registry = fakeRegistry({ [ORIGIN]: A, [MIRROR]: B });
    const { out } = await runDrift([base, overlay], { policy, output: 'json' }, { registry });
    expect(mirrorsIn(out).map((row) => [row.file, row.line, row.mirror, row.state])).toEqual([
      [overlay, 5, MIRROR, 'mirror-differs'],
    ]);
  });

  test('policies of the configuration count, and others change nothing', async () => {
    const input = file('pod.yaml', pod('nginx:1'));
    for (const [spec, names] of [
      [HUB, [ORIGIN, MIRROR]],
      ['{pin: {}}', []],
    ] as const) {
      file('configured.yaml', policyText('p', spec));
      const config = file('tidewaiter.yaml', 'policies: [configured.yaml]\n');
      const registry = fakeRegistry({ [ORIGIN]: A, [MIRROR]: A });
      expect((await runDrift([input], { config }, { registry })).code).toBe(0);
      expect(registry.lookups).toEqual(names);
    }
  });

  test('rejects policies without rewrite', async () => {
    const policy = [file('policy.yaml', policyText('p', '{pin: {}}'))];
    await expect(runDrift([file('pod.yaml', pod('nginx:1'))], { policy })).rejects.toThrow(/has "rewrite" entries/);
  });
});

const LINUX = { os: 'linux', architecture: 'amd64' };
const [ONE, TWO] = [1, 2].map((month) => makeImage(LINUX, `2026-0${month}-02T03:04:05Z`)) as [MadeImage, MadeImage];

describeWith(dockerRegistryMissing, 'drift, with an origin and a mirror', () => {
  let registries: OriginAndMirror | undefined;
  let origin: RunningRegistry;
  let mirror: RunningRegistry;
  let down: RunningRegistry;
  let config: string;
  let secret: string;

  beforeAll(async () => {
    registries = await startOriginAndMirror();
    ({ origin, mirror, down } = registries);
    await registries.push('origin', ONE, 'both');
    await registries.push('mirror', ONE, 'both');
    await registries.push('origin', ONE, 'other');
    await registries.push('mirror', TWO, 'other');
    await registries.push('origin', ONE, 'origin');
    config = file('registries.yaml', registries.config);
    secret = file('secret.yaml', registries.secret);
  });
  afterAll(() => registries?.stop());

  const [FIRST, SECOND] = [ONE, TWO].map(({ manifest }) => manifest.digest);

  test.each([
    { what: 'equal', at: 'origin', image: 'shop/web:both', state: 'current', code: 0 },
    { what: 'another image', at: 'origin', image: 'shop/web:other', state: 'mirror-differs', code: 1 },
    { what: 'another image, pinned', at: 'origin', image: `shop/web:other@${FIRST}`, state: 'mirror-differs', code: 1 },
    { what: 'at the mirror', at: 'mirror', image: 'hub/shop/web:other', state: 'mirror-differs', code: 1 },
    {
      what: 'pinned at the mirror',
      at: 'mirror',
      image: `hub/shop/web:other@${SECOND}`,
      state: 'mirror-differs',
      code: 1,
    },
    { what: 'no copy', at: 'origin', image: 'shop/web:origin', state: 'missing', code: 0 },
    { what: 'no credential', at: 'origin', image: 'shop/web:both', flags: [], state: 'unknown', code: 2 },
    { what: 'a mirror that is down', at: 'origin', image: 'shop/web:both', isDown: true, state: 'unknown', code: 2 },
  ] as const)('$what', async (row) => {
    const { at, image, state, code } = row;
    const flags = 'flags' in row ? row.flags : ['--pull-secret', secret];
    const target = 'isDown' in row ? down.host : mirror.host;
    const spec = `{rewrite: [{from: "${origin.host}/**", to: "${target}/hub/**"}]}`;
    const policy = file('policy.yaml', policyText('p', spec));
    const input = file('pod.yaml', pod(`${at === 'mirror' ? mirror.host : origin.host}/${image}`));
    const result = await runCommand(['drift', input, '-p', policy, '-c', config, ...flags, '-o', 'json']);
    expect(mirrorsIn(result.out)).toEqual([expect.objectContaining({ state })]);
    expect(result.code).toBe(code);
  });
});
