/** `pin --rewrite` with real registries: an origin, and a mirror that needs a credential. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { type MadeImage, makeImage, pushImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import {
  dockerRegistryMissing,
  HTPASSWD_USER,
  type RunningRegistry,
  startRegistry,
} from '../../support/registry-process.ts';

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
  let origin: RunningRegistry;
  let mirror: RunningRegistry;
  let down: RunningRegistry;
  let config: string;
  let secret: string;

  beforeAll(async () => {
    origin = await startRegistry('docker-registry', { kind: 'open' });
    mirror = await startRegistry('docker-registry', { kind: 'htpasswd' });
    down = await startRegistry('docker-registry', { kind: 'open' });
    await down.stop();
    const authorization = `Basic ${btoa(`${HTPASSWD_USER.username}:${HTPASSWD_USER.password}`)}`;
    const atOrigin = { origin: origin.origin, repository: 'shop/web' };
    const atMirror = { origin: mirror.origin, repository: 'hub/shop/web', authorization };
    await pushImage(atOrigin, ONE, 'both');
    await pushImage(atMirror, ONE, 'both');
    await pushImage(atOrigin, ONE, 'other');
    await pushImage(atMirror, TWO, 'other');
    await pushImage(atOrigin, THREE, 'origin');
    await pushImage(atMirror, TWO, 'mirror');
    const hosts = [origin, mirror, down].map(({ host }) => `{host: "${host}", insecure: true, allowPrivate: true}`);
    config = file('tidewaiter.yaml', `registries: [${hosts.join(', ')}]\n`);
    const auths = { auths: { [mirror.host]: { username: HTPASSWD_USER.username, password: HTPASSWD_USER.password } } };
    secret = file(
      'secret.yaml',
      `apiVersion: v1\nkind: Secret\nmetadata: {name: mirror}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '${JSON.stringify(auths)}'}\n`,
    );
  });
  afterAll(async () => {
    await Promise.all([origin?.stop(), mirror?.stop()]);
  });

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
});
