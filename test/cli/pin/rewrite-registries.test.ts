/** `pin --rewrite` with real registries: an origin, and a mirror that needs a credential. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { type OriginAndMirror, startOriginAndMirror } from '../../support/origin-and-mirror.ts';
import { type MadeImage, makeImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import { dockerRegistryMissing, type RunningRegistry } from '../../support/registry-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-rewrite-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const LINUX = { os: 'linux', architecture: 'amd64' };
const [ONE, TWO, THREE] = [1, 2, 3].map((month) => makeImage(LINUX, `2026-0${month}-02T03:04:05Z`)) as [
  MadeImage,
  MadeImage,
  MadeImage,
];
const [FIRST, SECOND, THIRD] = [ONE, TWO, THREE].map(({ manifest }) => manifest.digest);

describeWith(dockerRegistryMissing, 'pin --rewrite, with an origin and a mirror', () => {
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
    await registries.push('origin', THREE, 'origin');
    await registries.push('mirror', TWO, 'mirror');
    await registries.push('origin', ONE, 'elsewhere');
    config = file('tidewaiter.yaml', registries.config);
    secret = file('secret.yaml', registries.secret);
  });
  afterAll(() => registries?.stop());

  const compose = (image: string): string => `services:\n  web:\n    image: ${image} # web\n`;

  interface Row {
    readonly what: string;
    /** Tag and digest. */
    readonly image: string;
    readonly entry?: string;
    readonly to?: () => string;
    readonly flags?: readonly string[];
    /** Of the mirror, or of the origin. */
    readonly at: 'mirror' | 'origin';
    readonly after: string;
    readonly code?: number;
    readonly note?: string;
  }

  test.each<Row>([
    { what: 'both have the tag', image: ':both', at: 'mirror', after: `:both@${FIRST}` },
    {
      what: 'only the origin has it',
      image: ':origin',
      at: 'origin',
      after: `:origin@${THIRD}`,
      note: 'is not rewritten to',
    },
    { what: 'the mirror has another image under the tag', image: ':other', at: 'mirror', after: `:other@${SECOND}` },
    {
      what: 'the digest is kept, and the mirror has it',
      image: `:both@${FIRST}`,
      at: 'mirror',
      after: `:both@${FIRST}`,
    },
    {
      what: 'originUnavailable: the origin has it',
      image: ':both',
      entry: 'when: originUnavailable',
      at: 'origin',
      after: `:both@${FIRST}`,
    },
    {
      what: 'originUnavailable: only the mirror has it',
      image: ':mirror',
      entry: 'when: originUnavailable',
      at: 'mirror',
      after: `:mirror@${SECOND}`,
    },
    {
      what: 'a mirror that is down',
      image: ':both',
      to: () => `${down.host}/hub`,
      at: 'origin',
      after: `:both@${FIRST}`,
      note: 'is not rewritten to',
    },
    {
      what: 'a mirror that is down, with onFailure: deny',
      image: ':both',
      entry: 'onFailure: deny',
      to: () => `${down.host}/hub`,
      at: 'origin',
      after: ':both',
      code: 2,
      note: '  error  image',
    },
    {
      what: 'a mirror without a credential for it',
      image: ':both',
      flags: [],
      at: 'origin',
      after: `:both@${FIRST}`,
      note: 'is not rewritten to',
    },
  ])('$what', async ({ image, entry = 'when: available', to, flags, at, after, code = 0, note = 'files' }) => {
    const target = to?.() ?? `${mirror.host}/hub`;
    const policy = file(
      'policy.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rewrite: [{from: "${origin.host}/**", to: "${target}/**", ${entry}}]}\n`,
    );
    const input = file('compose.yaml', compose(`${origin.host}/shop/web${image}`));
    const argv = [
      'pin',
      input,
      '--rewrite',
      '-p',
      policy,
      '-c',
      config,
      ...(flags ?? ['--pull-secret', secret]),
      '--write',
    ];
    const result = await runCommand(argv);
    const name = at === 'mirror' ? `${mirror.host}/hub/shop/web` : `${origin.host}/shop/web`;
    expect(readFileSync(input, 'utf8')).toBe(compose(`${name}${after}`));
    expect(result.note).toContain(note === 'files' ? '1 file, 1 image' : note);
    expect(result.code).toBe(code);
    const again = await runCommand(argv);
    expect(readFileSync(input, 'utf8')).toBe(compose(`${name}${after}`));
    expect(again.code).toBe(code);
  });

  test('the mirror has the digest only under another tag: once the image has the digest, it is rewritten', async () => {
    const policy = file(
      'policy.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}]}\n`,
    );
    const input = file('compose.yaml', compose(`${origin.host}/shop/web:elsewhere`));
    const names = [`${origin.host}/shop/web`, `${mirror.host}/hub/shop/web`, `${mirror.host}/hub/shop/web`];
    for (const name of names) {
      const { code } = await runCommand([
        'pin',
        input,
        '--rewrite',
        '-p',
        policy,
        '-c',
        config,
        '--pull-secret',
        secret,
        '--write',
      ]);
      expect([code, readFileSync(input, 'utf8')]).toEqual([0, compose(`${name}:elsewhere@${FIRST}`)]);
    }
  });
});
