/** `tidewaiter suggest`, from recordings whose answer is known. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { MOVING_TAGS } from '../../../src/cli/suggest/moving-tags.ts';
import { RECORDING_FORMAT, type RecordedRepeats, type RecordedReview } from '../../../src/recording/format.ts';
import type { SuggestReport } from '../../../src/report/suggest.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';
import { createReview } from '../../support/review.ts';
import { recordedReview } from '../../recording/lines.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-suggest-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
let number = 0;
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'r-'));
  number = 0;
});

const DIGEST = `@sha256:${'a'.repeat(64)}`;
const WEB = `registry.example.com/shop/web:1.4.2${DIGEST}`;

interface Pod {
  readonly namespace?: string;
  readonly name?: string;
  readonly metadata?: object;
}

function line(image: string, pod: Pod = {}, rest: Partial<RecordedReview> = {}): RecordedReview {
  const { namespace = 'shop', name = 'web', metadata = {} } = pod;
  const spec = { containers: [{ name: 'web', image }] };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec };
  return recordedReview({ id: `a-${(number += 1)}`, review: createReview(object), ...rest });
}

function repeats(of: string, count: number, first: string, last: string): RecordedRepeats {
  return { format: RECORDING_FORMAT, type: 'repeats', of, count, first, last, dropped: 0 };
}

function record(lines: readonly (RecordedReview | RecordedRepeats)[]): string {
  const file = path.join(folder, 'r.ndjson');
  writeFileSync(file, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return file;
}

async function suggest(
  lines: readonly (RecordedReview | RecordedRepeats)[],
  ...flags: readonly string[]
): Promise<SuggestReport> {
  const { code, out, note } = await runCommand(['suggest', '--from', record(lines), '-o', 'json', ...flags]);
  // A busy machine reports its progress.
  const others = note.replaceAll(/^\d+(?: of \d+)? reviews (?:read|evaluated)\n/gm, '');
  expect({ code, note: others }).toEqual({ code: 0, note: '' });
  return JSON.parse(out) as SuggestReport;
}

const times = <T>(count: number, one: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => one(index));

function ruleIn({ rules }: SuggestReport, rule: string): unknown {
  return rules
    .filter((one) => one.rule === rule)
    .map(({ action, parameters, excludedNamespaces }) => [action, parameters, excludedNamespaces]);
}

describe('the policies', () => {
  const others = times(5, (index) => line(WEB, { namespace: `team-${index}` }));
  test.each<readonly [string, string, readonly RecordedReview[], unknown]>([
    ['pinned images', 'image-digest', others, [['deny', null, []]]],
    [
      'a namespace with images that are not pinned',
      'image-digest',
      [...others, line('registry.example.com/a:1')],
      [['deny', null, ['shop']]],
    ],
    [
      'a namespace that is no name of Kubernetes cannot be excluded',
      'image-digest',
      [...others, line('registry.example.com/a:1', { namespace: 'team-*' })],
      [['warn', null, []]],
    ],
    [
      'more namespaces than a policy should list',
      'image-digest',
      [...others, ...times(21, (index) => line('registry.example.com/a:1', { namespace: `n-${index}` }))],
      [['warn', null, []]],
    ],
    [
      'registries, the most frequent first',
      'image-registry',
      [line('nginx:1'), line(WEB), line(WEB)],
      [['deny', { allow: ['registry.example.com/**', 'docker.io/library/*'] }, []]],
    ],
    [
      'tags that move and that nobody uses',
      'image-tag',
      [line('nginx:main')],
      [['deny', { deny: ['latest', ...MOVING_TAGS.filter((tag) => tag !== 'main')] }, []]],
    ],
    ['no image volumes', 'image-volume', [line(WEB)], [['deny', { allowed: false }, []]]],
  ])('%s', async (_what, rule, lines, expected) => {
    expect(ruleIn(await suggest(lines), rule)).toEqual(expected);
  });
});

test('image-registry can list repositories, and a step removes one of them', async () => {
  const lines = [line('nginx:1'), line('registry.example.com/a:1'), line(WEB), line(WEB)];
  const report = await suggest(lines, '--allow', 'repository');
  const allow = ['registry.example.com/shop/web', 'docker.io/library/nginx', 'registry.example.com/a'];
  expect(ruleIn(report, 'image-registry')).toEqual([['deny', { allow }, []]]);
  expect(report.steps.map(({ change, denied }) => [change, denied])).toEqual(
    expect.arrayContaining([['remove registry.example.com/a from image-registry', 1]]),
  );
});

test('image-registry does not list more repositories than a person reads', async () => {
  const lines = times(201, (index) => line(`registry.example.com/r${index}:1`));
  const flags = ['--allow', 'repository', '-o', 'json'];
  const { out, note } = await runCommand(['suggest', '--from', record(lines), ...flags]);
  expect(note).toBe('the recording has more than 200 repositories, so image-registry lists registries\n');
  const report = JSON.parse(out) as SuggestReport;
  expect(ruleIn(report, 'image-registry')).toEqual([['deny', { allow: ['registry.example.com/**'] }, []]]);
});

const EVIL = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'web', image: 'evil.io/x:latest' }] } };

describe('the objects', () => {
  const CONFIG = `policies: [mirror.yaml]
kinds: [{group: example.com, kind: Shop, podSpecs: [/spec]}]
`;
  const MIRROR = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: mirror}
spec: {rewrite: [{from: 'docker.io/**', to: 'mirror.example.com/hub/**', when: always}]}
`;
  const spec = { containers: [{ name: 'web', image: 'nginx:1.27' }] };
  const metadata = { name: 'web', namespace: 'shop' };
  const POD = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  const origin = { source: 'audit-log', object: 'sent' } as const;

  test.each([
    ['of manifests count as they would run', POD, 'mirror.example.com/**'],
    ['of AdmissionReviews count as they would run', createReview(POD), 'mirror.example.com/**'],
    [
      'of lines count as they would run, if the client sent them like that',
      recordedReview({ review: createReview(POD), origin }),
      'mirror.example.com/**',
    ],
    [
      'of lines of the server count as they are, because they are changed already',
      recordedReview({ review: createReview(POD) }),
      'docker.io/library/*',
    ],
    [
      'can have a kind of the configuration',
      { apiVersion: 'example.com/v1', kind: 'Shop', metadata, spec },
      'mirror.example.com/**',
    ],
  ])('%s', async (_what, object, registry) => {
    const at = (name: string): string => path.join(folder, name);
    writeFileSync(at('mirror.yaml'), MIRROR);
    writeFileSync(at('tidewaiter.yaml'), CONFIG);
    writeFileSync(at('in.json'), `${JSON.stringify(object)}\n`);
    const argv = ['suggest', '--from', at('in.json'), '-c', at('tidewaiter.yaml'), '-o', 'json'];
    const { out } = await runCommand(argv);
    const report = JSON.parse(out) as SuggestReport;
    expect(ruleIn(report, 'image-registry')).toEqual([['deny', { allow: [registry] }, []]]);
  });
});

describe('the reviews that count', () => {
  test.each<readonly [string, Partial<RecordedReview>, Partial<SuggestReport['recording']['leftOut']>]>([
    ['not those that were denied', { response: { allowed: false } }, { denied: 1 }],
    ['not those of the mutating webhook', { endpoint: 'mutate' }, { mutate: 1 }],
    [
      'not dry runs, whose objects are not stored',
      { review: createReview({ ...EVIL, metadata: { name: 'web' } }, { dryRun: true }), dryRun: true },
      { dryRun: 1 },
    ],
    [
      'not those without images',
      { review: createReview({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } }) },
      { notEvaluated: 1 },
    ],
  ])('%s', async (_what, rest, leftOut) => {
    const { recording, rules } = await suggest([line(WEB), line('evil.io/x:latest', {}, rest)]);
    expect(recording).toMatchObject({ lines: 2, reviews: 1, leftOut });
    expect(JSON.stringify(rules)).not.toContain('evil.io');
  });

  test('not those in namespaces that the policies exclude', async () => {
    const { recording } = await suggest([line(WEB), line('evil.io/x', { namespace: 'kube-system' })]);
    expect(recording).toMatchObject({ reviews: 1, leftOut: { excluded: 1 } });
  });

  test('not those outside of --since and --until, of which a line about repetitions can have some', async () => {
    const [first, day, last] = ['2027-03-01T12:00:00.000Z', '2027-03-05T12:00:00.000Z', '2027-03-09T12:00:00.000Z'];
    const old = line('ghcr.io/acme/old:1', {}, { time: first });
    const often = line(WEB, {}, { time: first });
    const lines = [old, repeats(old.id, 2, first, first), often, repeats(often.id, 3, first, day)];
    const later = await suggest([...lines, line('nginx:1', {}, { time: last })], '--since', '2027-03-04');
    expect(later.recording).toMatchObject({ reviews: 4, leftOut: { outside: 4 } });
    expect(ruleIn(later, 'image-registry')).toEqual([
      ['deny', { allow: ['registry.example.com/**', 'docker.io/library/*'] }, []],
    ]);
    const both = await suggest(lines, '--since', '2027-03-01', '--until', '2027-03-01T13:00:00Z');
    expect(both.recording).toMatchObject({ reviews: 7, leftOut: { outside: 0 } });
  });

  test('those that were denied, on request', async () => {
    const lines = [line(WEB), line('ghcr.io/acme/x:1', {}, { response: { allowed: false } })];
    expect(ruleIn(await suggest(lines, '--include-denied'), 'image-registry')).toEqual([
      ['deny', { allow: ['ghcr.io/acme/**', 'registry.example.com/**'] }, []],
    ]);
  });

  test('reviews without facts, as API servers send them', async () => {
    const { recording, policies } = JSON.parse(
      (await runCommand(['suggest', '--from', 'test/recordings', '-o', 'json'])).out,
    ) as SuggestReport;
    expect(recording).toMatchObject({ lines: 31, first: null });
    expect(policies).not.toEqual([]);
  });
});

describe('a step', () => {
  const [day, next, last] = ['2027-03-01T12:00:00.000Z', '2027-03-02T12:00:00.000Z', '2027-03-09T12:00:00.000Z'];
  const owned = {
    generateName: 'tool-5d4f-',
    labels: { 'pod-template-hash': '5d4f' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'tool-5d4f', controller: true }],
  };

  test('tells how many reviews it denies, of whom, since when, and until when', async () => {
    const rare = line('ghcr.io/acme/tool:1', { name: '', metadata: owned }, { time: day });
    const lines = [rare, repeats(rare.id, 2, next, last), ...times(7, () => line(WEB))];
    const { steps, recording } = await suggest(lines);
    expect(recording).toMatchObject({ lines: 8, reviews: 10, first: day, last });
    expect(steps.find(({ kind }) => kind === 'registry')).toMatchObject({
      rule: 'image-registry',
      change: 'remove ghcr.io/acme/** from image-registry',
      denied: 3,
      reviews: 10,
      first: day,
      last,
      namespaces: [{ name: 'shop', denied: 3 }],
      workloads: [{ kind: 'Deployment', namespace: 'shop', name: 'tool', denied: 3 }],
      policy: { metadata: { name: 'images' } },
    });
  });

  test('is a tag, a namespace that a policy excludes, or a rule that only warns; the smallest share comes first', async () => {
    const { steps } = await suggest([
      ...times(3, () => line('registry.example.com/a:1', { namespace: 'ci' })),
      ...times(2, () => line('registry.example.com/a:main', { namespace: 'dev' })),
      ...times(5, () => line('registry.example.com/a')),
    ]);
    expect(steps.map(({ kind, change, denied, reviews }) => [kind, change, denied, reviews])).toEqual([
      ['parameter', 'deny the tag "main"', 2, 10],
      ['namespace', 'apply image-pull-policy {when: mutable} to namespace dev', 2, 2],
      ['namespace', 'apply image-pull-policy {when: mutable} to namespace ci', 3, 3],
      ['namespace', 'apply image-tag {deny: [latest]} to namespace shop', 5, 5],
      ['rule', 'deny violations of image-digest', 10, 10],
    ]);
  });

  test('leaves out the namespaces with most denials if a policy cannot list all', async () => {
    const { steps } = await suggest([
      ...times(22, (index) => line('registry.example.com/a:1', { namespace: `n-${index}` })),
      ...times(22, (index) => line('registry.example.com/b:1', { namespace: `n-${index}` })).slice(0, 20),
      line(WEB),
    ]);
    expect(steps.filter(({ rule }) => rule === 'image-digest')).toMatchObject([
      { change: 'deny violations of image-digest outside of the 20 namespaces with most', denied: 2, reviews: 3 },
      { change: 'deny violations of image-digest', denied: 42, reviews: 43, moreNamespaces: 12, moreWorkloads: 12 },
    ]);
  });

  test('beyond --steps is counted', async () => {
    const lines = [line('nginx:main'), line('ghcr.io/acme/x:dev'), line(WEB)];
    const all = await suggest(lines);
    const some = await suggest(lines, '--steps', '1');
    expect(some.steps).toEqual(all.steps.slice(0, 1));
    expect(some.moreSteps).toBe(all.steps.length - 1);
  });
});

describe('rules that read facts', () => {
  const image = 'docker.io/library/nginx:1.27';
  const asked = { source: 'images', by: 'image', image, credentials: [] } as const;
  const found = {
    state: 'yes',
    value: { digest: `sha256:${'b'.repeat(64)}`, mediaType: 'm', provesPull: true },
  } as const;
  const limited = {
    state: 'unknown',
    failure: { cause: 'rateLimited', message: 'docker.io returned HTTP 429', remedy: undefined },
  } as const;

  test.each<readonly [string, RecordedReview['facts'], readonly [suggested: boolean, reason: string | undefined]]>([
    [
      'are suggested if the recording has the facts',
      { sources: ['images'], registry: [{ ...asked, fact: found }] },
      [true, undefined],
    ],
    [
      'are not suggested if a registry did not respond',
      { sources: ['images'], registry: [{ ...asked, fact: limited }] },
      [false, 'cannot determine whether image "nginx:1.27" can be pulled: docker.io returned HTTP 429'],
    ],
    [
      'are not suggested if nothing was looked up',
      { sources: ['images'] },
      [
        false,
        'cannot determine whether image "nginx:1.27" can be pulled: the recording does not have the digest of image "docker.io/library/nginx:1.27"',
      ],
    ],
    [
      'are not suggested if nothing could be looked up',
      { sources: [] },
      [false, 'the recording does not have the digests of images'],
    ],
  ])('%s', async (_what, facts, [suggested, reason]) => {
    const { rules, unknown } = await suggest([line('nginx:1.27', {}, { facts })]);
    expect(rules.some(({ rule }) => rule === 'image-exists')).toBe(suggested);
    expect(unknown.find(({ rule }) => rule === 'image-exists')?.reason).toBe(reason);
  });
});

describe('the command', () => {
  const lines = (): readonly RecordedReview[] => [line(WEB), line('nginx:1')];

  async function run(...flags: readonly string[]): Promise<CommandResult> {
    return runCommand(['suggest', '--from', record(lines()), ...flags]);
  }

  test('writes nothing if the directory is a file', async () => {
    const out = path.join(folder, 'a-file');
    writeFileSync(out, '');
    expect(await run('--out', out)).toMatchObject({
      code: 2,
      note: expect.stringContaining(`${out}: expected a directory, found a file\n`),
    });
  });

  test('writes the policies, and replaces no file without --force', async () => {
    const out = path.join(folder, 'policies');
    const file = path.join(out, 'images.yaml');
    const first = await run('--out', out, '-o', 'yaml');
    expect(first).toMatchObject({ code: 0, note: `wrote ${file}\n` });
    expect(readFileSync(file, 'utf8')).toBe(first.out);
    writeFileSync(file, 'mine');
    expect(await run('--out', out)).toEqual({
      code: 2,
      out: '',
      note: `${file}: already there, and nothing was written; to replace, add --force\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await run('--out', out, '--force')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(first.out);
  });

  test('reports damaged lines, and the result of the others', async () => {
    const file = record(lines());
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"format":\n`);
    const { code, out } = await runCommand(['suggest', '--from', file]);
    expect(code).toBe(2);
    expect(out).toContain(`${file}:3:1  error  not valid JSON\n`);
    expect(out).toContain('policy images\n');
  });

  test.each<readonly [string, readonly string[], string]>([
    ['standard input', ['--from', '-'], 'they cannot come from standard input'],
    ['no recording', [], 'required option'],
    ['no steps', ['--from', 'x', '--steps', '0'], 'expected a number from 1 to 1000'],
    ['nothing there', ['--from', 'missing'], 'no review with images found'],
  ])('rejects %s', async (_what, argv, message) => {
    const { code, note } = await runCommand(['suggest', ...argv]);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) as unknown });
  });

  test('writes nothing if it is interrupted', async () => {
    const out = path.join(folder, 'policies');
    const running = runCommand(['suggest', '--from', record(times(300, () => line(WEB))), '--out', out]);
    await expect.poll(() => process.listenerCount('SIGINT'), { interval: 1 }).toBeGreaterThan(0);
    process.emit('SIGINT');
    expect(await running).toEqual({ code: 2, out: '', note: 'interrupted; nothing was written\n' });
    expect(existsSync(out)).toBe(false);
  });

  test('shows names of a recording as text', async () => {
    const hostile = { namespace: 'a\u001b[31m\nb', name: 'x\u0007\n  deny  y' };
    const { out } = await runCommand(
      ['suggest', '--from', record([line(WEB), line('ghcr.io/acme/x:main', hostile)])],
      '',
      {
        colors: true,
      },
    );
    expect(stripVTControlCharacters(out)).toMatch(/^[\n -~]*$/);
    expect(out).toContain('Pod a\\u001b[31m b/x\\u0007 deny y');
  });
});

test('a review with more findings than all rules together can have has the result of a small one', async () => {
  const pod = (count: number): RecordedReview => {
    const containers = times(count, (index) => ({ name: `c-${index}`, image: 'registry.example.com/shop/web' }));
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { containers },
    };
    return recordedReview({ review: createReview(object) });
  };
  const small = await suggest([pod(2)]);
  expect(small.steps.length).toBeGreaterThan(1);
  const large = await suggest([pod(6000)]);
  expect([large.rules, large.steps]).toEqual([small.rules, small.steps]);
});
