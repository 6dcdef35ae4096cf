/** Recordings of audit logs with the responses of registries: what policies change then, and what the recording does not have. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { CREATED, lines, STORED_POD } from '../../files/audit/events.ts';
import { runCommand } from '../../support/command.ts';
import { type OriginAndMirror, startOriginAndMirror } from '../../support/origin-and-mirror.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { type MadeImage, makeImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import { dockerRegistryMissing } from '../../support/registry-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
inOwnFolders('registry-facts');

interface Row {
  readonly what: string;
  readonly spec: (registries: OriginAndMirror) => string;
  /** By default, shop/web:1. */
  readonly image?: string;
  readonly flags: readonly string[];
  readonly allowed: boolean;
  readonly change: string;
  readonly missing: ((registries: OriginAndMirror) => string) | undefined;
}

const LINUX = { os: 'linux', architecture: 'amd64' };
const PIN = '{pin: {onFailure: deny}, rules: [{rule: image-digest}]}';
const REWRITE = ({ origin, mirror }: OriginAndMirror): string =>
  `{rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}], rules: [{rule: image-tag, parameters: {deny: [latest]}}]}`;

/** Without a credential. */
const NEAR = ({ origin }: OriginAndMirror): string =>
  `{rewrite: [{from: "${origin.host}/shop/**", to: "${origin.host}/hub/**"}], rules: [{rule: mirror-differs}]}`;

describeWith(dockerRegistryMissing, 'a recording of an audit log', () => {
  let registries: OriginAndMirror;
  beforeAll(async () => {
    registries = await startOriginAndMirror();
    const [one, two] = ['01', '02'].map((month) => makeImage(LINUX, `2026-${month}-02T03:04:05Z`)) as [
      MadeImage,
      MadeImage,
    ];
    await registries.push('origin', one, '1');
    for (const name of ['shop/same', 'hub/same']) await registries.push('origin', one, '1', name);
    await registries.push('origin', two, '1', 'hub/web');
  });
  afterAll(() => registries.stop());

  test.each<Row>([
    {
      what: 'with the digest',
      spec: () => PIN,
      flags: ['--registry'],
      allowed: true,
      change: 'same',
      missing: undefined,
    },
    {
      what: 'without registries',
      spec: () => PIN,
      flags: [],
      allowed: false,
      change: 'newly-denied',
      missing: undefined,
    },
    {
      what: 'with the response of a mirror, because the policies were known',
      spec: NEAR,
      image: 'shop/same:1',
      flags: ['--registry', '-p', 'policy.yaml'],
      allowed: true,
      change: 'same',
      missing: undefined,
    },
    {
      what: 'without the original',
      spec: NEAR,
      image: 'hub/web:1',
      flags: ['--registry'],
      allowed: true,
      change: 'unknown',
      missing: ({ origin }) => `the digest of image "${origin.host}/shop/web:1"`,
    },
    {
      what: 'with the original, because the policies were known',
      spec: NEAR,
      image: 'hub/web:1',
      flags: ['--registry', '-p', 'policy.yaml'],
      allowed: false,
      change: 'newly-denied',
      missing: undefined,
    },
    {
      what: 'without the response of a mirror',
      spec: REWRITE,
      flags: ['--registry'],
      allowed: true,
      change: 'unknown',
      missing: ({ mirror }) => `the digest of image "${mirror.host}/hub/shop/web:1"`,
    },
  ])('$what', async ({ spec, image = 'shop/web:1', flags, allowed, change, missing }) => {
    writeFileSync('tidewaiter.yaml', registries.config);
    const text = `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: ${spec(registries)}\n`;
    writeFileSync('policy.yaml', text);
    const containers = [{ name: 'web', image: `${registries.origin.host}/${image}` }];
    writeFileSync('audit.log', lines([{ ...CREATED, responseObject: { ...STORED_POD, spec: { containers } } }]));
    const config = ['-c', 'tidewaiter.yaml'];
    expect((await runCommand(['import-audit', 'audit.log', '--out', 'rec', ...flags, ...config])).code).toBe(0);
    const { out } = await runCommand(['replay', 'rec', '-p', 'policy.yaml', '-o', 'json', '--all', ...config]);
    const [review] = (JSON.parse(out) as ReplayDocument).reviews;
    expect(review).toMatchObject({ allowed, change });
    expect(review?.missing).toEqual(missing === undefined ? undefined : [missing(registries)]);
  });
});
