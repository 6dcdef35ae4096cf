/** `copy --list`, with an origin, a mirror that needs a credential, a mirror that is down, and skopeo. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { CopyReport } from '../../../src/report/copy.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';
import { type OriginAndMirror, startOriginAndMirror } from '../../support/origin-and-mirror.ts';
import { type MadeImage, makeImage } from '../../support/push-image.ts';
import { describeWith } from '../../support/real-part.ts';
import { dockerRegistryMissing, HTPASSWD_USER, type RunningRegistry } from '../../support/registry-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-copy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};

const pod = (name: string, ...images: readonly string[]): string => {
  const containers = images.map((image, index) => `{name: c${index}, image: "${image}"}`);
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {containers: [${containers.join(', ')}]}\n`;
};

const policyText = (name: string, spec: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

const LINUX = { os: 'linux', architecture: 'amd64' };
const [ONE, TWO] = [1, 2].map((month) => makeImage(LINUX, `2026-0${month}-02T03:04:05Z`)) as [MadeImage, MadeImage];
const [FIRST, SECOND] = [ONE, TWO].map(({ manifest }) => manifest.digest);

describeWith(dockerRegistryMissing, 'copy --list', () => {
  let registries: OriginAndMirror | undefined;
  let origin: RunningRegistry;
  let mirror: RunningRegistry;
  let down: RunningRegistry;
  let config: string;
  let secret: string;
  let policy: string;

  beforeAll(async () => {
    registries = await startOriginAndMirror();
    ({ origin, mirror, down } = registries);
    await registries.push('origin', ONE, 'both');
    await registries.push('mirror', ONE, 'both');
    await registries.push('origin', ONE, 'other');
    await registries.push('mirror', TWO, 'other');
    await registries.push('mirror', TWO, 'mirror');
    await registries.push('origin', TWO, 'origin');
    for (const name of ['job', 'late', 'sync']) await registries.push('origin', TWO, '1', `shop/${name}`);
    config = file('tidewaiter.yaml', registries.config);
    secret = file('secret.yaml', registries.secret);
    policy = file(
      'policy.yaml',
      policyText('mirror', `{rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}]}`),
    );
  });
  afterAll(() => registries?.stop());

  const list = (input: string, ...flags: readonly string[]): Promise<CommandResult> =>
    runCommand(['copy', '--list', input, '-c', config, '--pull-secret', secret, ...flags]);

  interface Row {
    readonly what: string;
    readonly image: string;
    readonly state: string;
    readonly code: number;
    readonly message?: string;
    /** The names that are looked up, without registries. */
    readonly names?: string;
  }

  test.each<Row>([
    { what: 'both have the tag', image: 'shop/web:both', state: 'present', code: 0 },
    { what: 'the mirror lacks the tag', image: 'shop/web:origin', state: 'missing', code: 1 },
    { what: 'the mirror lacks the repository', image: 'shop/job:1', state: 'missing', code: 1 },
    {
      what: 'the mirror has another image under the tag',
      image: 'shop/web:other',
      state: 'mirror-differs',
      code: 1,
      message: `has ${SECOND}, `,
    },
    {
      what: 'the mirror has the digest',
      image: `shop/web:both@${FIRST}`,
      state: 'present',
      code: 0,
      names: `shop/web@${FIRST}`,
    },
    {
      what: 'the mirror has the digest under another tag',
      image: `shop/web:gone@${SECOND}`,
      state: 'present',
      code: 0,
      names: `shop/web@${SECOND}`,
    },
    {
      what: 'the mirror lacks the digest',
      image: `shop/sync:1@${SECOND}`,
      state: 'missing',
      code: 1,
      names: `shop/sync@${SECOND}`,
    },
    {
      what: 'neither has it',
      image: 'shop/none:1',
      state: 'missing',
      code: 1,
      message: 'the source is not known to exist: ',
    },
    {
      what: 'the default tag',
      image: 'shop/web',
      state: 'missing',
      code: 1,
      names: 'shop/web:latest',
      message: 'the source is not known',
    },
  ])('$what', async ({ image, state, code, message, names = image }) => {
    const result = await list(file('pod.yaml', pod('web', `${origin.host}/${image}`)), '-p', policy, '-o', 'json');
    const { images } = JSON.parse(result.out) as CopyReport;
    expect(images).toEqual([
      expect.objectContaining({
        state,
        from: `${origin.host}/${names}`,
        to: `${mirror.host}/hub/${names}`,
        policies: ['mirror'],
        message: message === undefined ? null : expect.stringContaining(message),
      }),
    ]);
    expect(result.code).toBe(code);
  });

  test('the JSON has the keys that the documentation has', async () => {
    const text = readFileSync(path.join(import.meta.dirname, '../../../docs/reports.md'), 'utf8');
    const [, section = ''] = /\n## `copy --list -o json`\n(.*?)\n## /s.exec(text) ?? [];
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    const documented = rows.flatMap((line) =>
      [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, key = '']) => key),
    );
    const { out } = await list(
      file('pod.yaml', pod('web', `${origin.host}/shop/web:both`)),
      '-p',
      policy,
      '-o',
      'json',
    );
    const report = JSON.parse(out) as CopyReport;
    expect(Object.keys(report.images[0] ?? {}).toSorted()).toEqual(documented.toSorted());
    for (const key of Object.keys(report)) expect(section).toMatch(new RegExp(`\\b${key}\\b`));
  });

  test('cannot tell without a credential, or if the mirror is down', async () => {
    const input = file('pod.yaml', pod('web', `${origin.host}/shop/web:both`));
    const anonymous = await runCommand(['copy', '--list', input, '-c', config, '-p', policy]);
    expect([anonymous.code, anonymous.out]).toEqual([2, expect.stringContaining('unknown  ')]);
    const other = file('down.yaml', policyText('down', `{rewrite: [{from: "**", to: "${down.host}/**"}]}`));
    const unreachable = await list(file('pod.yaml', pod('web', 'example.com/web:1')), '-p', other);
    expect([unreachable.code, unreachable.out]).toEqual([2, expect.stringContaining('1 unknown')]);
  });

  test.each([
    { what: 'is down', at: () => down.host, image: 'shop/web:both' },
    // Without all credentials of nodes, it is not known whether a registry hides the image.
    { what: 'may lack the tag', at: () => origin.host, image: 'shop/web:mirror' },
    { what: 'is down, and there is a digest', at: () => down.host, image: `shop/web@${FIRST}`, state: 'present' },
  ])('the mirror has it, and the source $what', async ({ at, image, state = 'unknown' }) => {
    const other = file(
      'source.yaml',
      policyText('source', `{rewrite: [{from: "${at()}/**", to: "${mirror.host}/hub/**"}]}`),
    );
    const result = await list(file('pod.yaml', pod('web', `${at()}/${image}`)), '-p', other);
    const isKnown = state === 'present';
    expect([result.code, result.out]).toEqual([
      isKnown ? 0 : 2,
      expect.stringContaining(`1 image to be at mirrors, of 1 object: 1 ${state}\n`),
    ]);
    expect(result.out.includes('  the mirror has it, but it cannot be compared with the source: ')).toBe(!isKnown);
  });

  test('names images whose name at the mirror is invalid, in all formats', async () => {
    const input = file('port.yaml', pod('web', `${origin.host}/shop/web:both`));
    const any = file('any.yaml', policyText('any', `{rewrite: [{from: "**", to: "${mirror.host}/**"}]}`));
    const { code, out } = await list(input, '-p', any);
    expect([code, out]).toEqual([
      1,
      `invalid-name  ${origin.host}/shop/web:both  policy any
  the new name "${mirror.host}/${origin.host}/shop/web" is invalid: a registry with a port ("${origin.host}") cannot be a part of a path

1 image to be at mirrors, of 1 object: 1 invalid-name
`,
    ]);
    for (const format of ['lines', 'yaml']) {
      const other = await list(input, '-p', any, '-o', format);
      const note = 'not listed: 1 image, whose name at the mirror is invalid\n';
      expect([other.code, other.out, other.note]).toEqual([1, '', note]);
    }
  });

  test('says that a policy may not apply, because labels of namespaces are not known', async () => {
    const objects = ['both', 'origin'].map((tag) => pod('web', `${origin.host}/shop/web:${tag}`));
    const input = file('labels.yaml', objects.join('---\n'));
    const labeled = file(
      'labeled.yaml',
      policyText(
        'labeled',
        `{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}]}`,
      ),
    );
    const result = await list(input, '-p', labeled, '-o', 'lines');
    const names = `${origin.host}/shop/web:origin ${mirror.host}/hub/shop/web:origin\n`;
    const note = `listed although it is unknown which policies apply: 2 images, for example ${origin.host}/shop/web:both: the labels of namespace "shop" are not known here\n`;
    expect([result.code, result.out, result.note]).toEqual([1, names, note]);
  });

  test.each([
    ['a: b', 'metadata', [1, 1]],
    ['a: c', 'metadata', [0, 0]],
    ['a: b', 'metadata-of-none', [1, 0]],
  ])(
    'reads a Namespace with the labels {%s} in a file of its own, beside a Service',
    async (labels, key, [names, known]) => {
      const directory = mkdtempSync(path.join(folder, 'namespaces-'));
      const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);
      write('a-pod.yaml', pod('web', `${origin.host}/shop/web:both`));
      write('namespace.yaml', `apiVersion: v1\nkind: Namespace\n${key}: {name: shop, labels: {${labels}}}\n`);
      write('service.yaml', 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n');
      const labeled = file(
        'labeled.yaml',
        policyText(
          'labeled',
          `{match: {namespaceSelector: {matchLabels: {a: b}}}, rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}]}`,
        ),
      );
      const { code, out, note } = await list(directory, '-p', labeled, '-o', 'json');
      const { images, errors } = JSON.parse(out) as CopyReport;
      expect([code, images.length, images.filter(({ assumed }) => assumed === null).length]).toEqual([0, names, known]);
      expect([errors, note.includes('no AdmissionReview')]).toEqual([[], false]);
    },
  );

  test('a file with neither a review nor an object is an error', async () => {
    const { code, note } = await list(file('empty.yaml', '# nothing\n'), '-p', policy);
    expect([code, note]).toEqual([2, expect.stringContaining('no AdmissionReview found')]);
  });

  test('says what allows a lookup that the configuration blocks', async () => {
    const input = file('pod.yaml', pod('web', `${origin.host}/shop/web:both`));
    const none = file('none.yaml', 'registries: []\n');
    const { code, out } = await runCommand(['copy', '--list', input, '-c', none, '-p', policy]);
    expect([code, out]).toEqual([2, expect.stringContaining('allowPrivate: true')]);
  });

  test.each([
    ['a wrong type', '[{name: c, image: 5}]', '/spec/containers/0/image: expected a string, found a number'],
    ['too many containers', `[${'{image: a},'.repeat(50_001)}]`, '/spec/containers/50000: expected at most 50000'],
  ])('an object that cannot be read is an error: %s', async (_what, containers, problem) => {
    const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: ${containers}}\n`;
    const { code, note } = await list(
      file('unread.yaml', `${pod('web', 'example.com/a:1')}---\n${text}`),
      '-p',
      policy,
    );
    expect([code, note]).toEqual([2, expect.stringContaining(`unread.yaml:6:1  error  ${problem}`)]);
  });

  test('lists each image once, of all objects that a policy covers, and each name of a chain', async () => {
    const policies = file(
      'chain.yaml',
      policyText(
        'chain',
        `{match: {namespaces: [shop]}, rewrite: [{from: "${origin.host}/**", to: "${mirror.host}/hub/**"}, {from: "${mirror.host}/hub/**:origin", to: "${mirror.host}/near/**"}]}`,
      ),
    );
    const objects = [
      pod('a', `${origin.host}/shop/web:origin`, `${origin.host}/shop/web:both`),
      pod('b', `${origin.host}/shop/web:origin`, `${mirror.host}/hub/shop/web:both`),
      pod('c', `${origin.host}/shop/job:1`).replace('namespace: shop', 'namespace: other'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n',
    ];
    const result = await list(file('objects.yaml', objects.join('---\n')), '-p', policies);
    expect(result.out.replaceAll(origin.host, 'origin').replaceAll(mirror.host, 'mirror')).toBe(
      `missing  origin/shop/web:origin -> mirror/hub/shop/web:origin  policy chain
missing  origin/shop/web:origin -> mirror/near/shop/web:origin  policy chain

3 images to be at mirrors, of 3 objects: 2 missing, 1 present
`,
    );
    expect(result.code).toBe(1);
  });

  test('prints lines with which skopeo copies what is missing', async () => {
    const images = ['shop/job:1', 'shop/web:other', `shop/late:1@${SECOND}`].map((name) => `${origin.host}/${name}`);
    const input = file('pod.yaml', pod('web', ...images));
    const lines = await list(input, '-p', policy, '-o', 'lines');
    const names = ['shop/job:1', `shop/late@${SECOND}`];
    expect(lines.out).toBe(names.map((name) => `${origin.host}/${name} ${mirror.host}/hub/${name}\n`).join(''));
    expect(lines.note).toBe('not listed: 1 image, of which the mirror has another digest\n');
    for (const line of lines.out.trim().split('\n')) {
      const credentials = `${HTPASSWD_USER.username}:${HTPASSWD_USER.password}`;
      const flags = ['--all', '--src-tls-verify=false', '--dest-tls-verify=false', '--dest-creds', credentials];
      await promisify(execFile)('skopeo', ['copy', ...flags, ...line.split(' ').map((name) => `docker://${name}`)]);
    }
    const after = await list(input, '-p', policy);
    expect(after.out).toContain('3 images to be at mirrors, of 1 object: 1 mirror-differs, 2 present\n');
  });

  test('prints a file that skopeo sync reads', async () => {
    const images = ['shop/web:origin', `shop/sync@${SECOND}`].map((name) => `${origin.host}/${name}`);
    const { out } = await list(file('pod.yaml', pod('web', ...images)), '-p', policy, '-o', 'yaml');
    const sync = ['sync', '--dry-run', '--src-tls-verify=false', '--src', 'yaml', '--dest', 'dir'];
    const { stderr } = await promisify(execFile)('skopeo', [...sync, file('sync.yaml', out), folder]);
    for (const image of images) expect(stderr).toContain(`docker://${image}`);
  });

  test.each([
    ['no policy with rewrite', ['-p'], '{pin: {}}', 'no policy has "rewrite"'],
    [
      'without --list',
      [],
      '{rewrite: [{from: "**", to: "a.example.com/**"}]}',
      "required option '--list' not specified",
    ],
  ])('rejects %s', async (what, flags, spec, problem) => {
    const none = file('none.yaml', policyText('none', spec));
    const argv = flags.length === 0 ? ['copy', folder, '-p', none] : ['copy', '--list', none, ...flags, none];
    const result = await runCommand(argv);
    expect([what, result.code, result.note]).toEqual([what, 2, expect.stringContaining(problem)]);
  });
});
