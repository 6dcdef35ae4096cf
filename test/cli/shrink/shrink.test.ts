/** `tidewaiter shrink`: one review for each distinct decision, which `tidewaiter test` guards. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { reviewName } from '../../../src/cli/shrink/suite-files.ts';
import type { RecordedRepeats, RecordedReview } from '../../../src/recording/format.ts';
import { runCommand } from '../../support/command.ts';
import { createReview } from '../../support/review.ts';
import { recordedReview, repeats } from '../../recording/lines.ts';
import { recordings } from '../../recording/random-recordings.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-shrink-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
let id = 0;
beforeEach(() => {
  folder = mkdtempSync(path.join(root, 'r-'));
  id = 0;
});

const at = (name: string): string => path.join(folder, name);

function write(name: string, text: string): string {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
}

type Lines = readonly (RecordedReview | RecordedRepeats)[];

function record(lines: Lines): string {
  return write('r.ndjson', lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

function line(image: string, rest: Partial<RecordedReview> = {}, name = 'web'): RecordedReview {
  const spec = { containers: [{ name: 'web', image }] };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec };
  return recordedReview({ id: `a-${(id += 1)}`, review: createReview(object), ...rest });
}

const POLICY = (rules: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n  rules: [${rules}]\n`;
const DENY_LATEST = '{rule: image-tag, parameters: {deny: [latest]}}';

async function shrink(lines: Lines, ...flags: readonly string[]): Promise<string> {
  const { code, out, note } = await runCommand(['shrink', record(lines), '--out', at('tests'), ...flags]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return out;
}

function written(): ReadonlyMap<string, string> {
  const names = readdirSync(at('tests'), { recursive: true, encoding: 'utf8' }).filter((name) => path.extname(name));
  return new Map(names.toSorted().map((name) => [name, readFileSync(at(`tests/${name}`), 'utf8')]));
}

function reviews(): readonly RecordedReview[] {
  return [...written()].flatMap(([name, text]) =>
    name.endsWith('.ndjson') ? [JSON.parse(text) as RecordedReview] : [],
  );
}

describe('the suite', () => {
  test('passes, and fails when the policy changes', async () => {
    const policy = write('policies/p.yaml', POLICY(DENY_LATEST));
    const out = await shrink([line('nginx:latest'), line('nginx:1.27')], '-p', at('policies'));
    expect(out).toBe(
      `wrote ${at('tests/suite.yaml')}: the smallest of 2 reviews for each of 2 distinct decisions\n\nnext: tidewaiter test ${at('tests')}\n`,
    );
    expect(await runCommand(['test', at('tests')])).toMatchObject({ code: 0 });
    for (const rules of [
      '{rule: image-tag, action: warn, parameters: {deny: [latest]}}',
      '{rule: image-digest}',
      `${DENY_LATEST}, {rule: image-digest}`,
    ]) {
      writeFileSync(policy, POLICY(rules));
      expect(await runCommand(['test', at('tests')]), rules).toMatchObject({ code: 1 });
    }
  });

  test('has decisions about objects as they would run, if the client sent them without the changes of the policies', async () => {
    const rules = '{rule: image-registry, parameters: {allow: [mirror.example.com/**]}}';
    const rewrite = '  rewrite: [{from: docker.io/**, to: mirror.example.com/**, when: always}]';
    write('policies/p.yaml', `${POLICY(rules)}${rewrite}\n`);
    const origin = { source: 'audit-log', object: 'sent' } as const;
    await shrink([line('nginx:1', { origin }), line('nginx:2')], '-p', at('policies'));
    expect(written().get('suite.yaml')).toMatch(/CREATE Pod, allowed/);
    expect(written().get('suite.yaml')).toMatch(/CREATE Pod, denied: image-registry deny/);
    expect(await runCommand(['test', at('tests')])).toMatchObject({ code: 0 });
  });

  test('needs neither a cluster nor a registry: its reviews have their facts and their time', async () => {
    write(
      'policies/p.yaml',
      POLICY('{rule: image-exists}, {rule: pull-secret-usable}, {rule: image-age, parameters: {maxAgeDays: 90}}') +
        '---\n' +
        'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyException\nmetadata: {name: e}\n' +
        'spec: {policy: p, rules: [pull-secret-usable], match: {namespaces: [shop]}, owner: o, reason: r, expires: 2027-03-02}\n',
    );
    const image = 'docker.io/library/nginx:1.27';
    const value = { digest: `sha256:${'a'.repeat(64)}`, mediaType: 'm', platforms: [], sizeBytes: 1 };
    const asked = { by: 'image', image, credentials: [] } as const;
    const facts = (created: number): RecordedReview['facts'] => ({
      sources: ['secrets', 'serviceAccounts', 'images', 'imageDetails'],
      pullSecrets: [{ name: 'regcred', fact: { state: 'no' } }],
      registry: [
        { source: 'images', ...asked, fact: { state: 'yes', value } },
        { source: 'imageDetails', ...asked, fact: { state: 'yes', value: { ...value, createdMs: created } } },
      ],
    });
    const spec = { imagePullSecrets: [{ name: 'regcred' }], containers: [{ name: 'web', image: 'nginx:1.27' }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' }, spec };
    const review = createReview(object);
    await shrink(
      [
        line('', { review, facts: facts(Date.UTC(2027, 1, 1)) }),
        line('', { review, facts: facts(Date.UTC(2026, 1, 1)) }),
        line('', { review, facts: facts(Date.UTC(2027, 1, 1)), time: '2027-03-05T12:00:00.000Z' }),
      ],
      '-p',
      at('policies'),
    );
    const { code, out } = await runCommand(['test', at('tests')]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('3 passed, 0 failed') as unknown });
    expect(written().get('suite.yaml')).toContain('excused');
  });

  test('has the smallest review of each distinct decision, whatever the order of the recording is, and passes', async () => {
    write('policies/p.yaml', POLICY(`${DENY_LATEST}, {rule: image-digest, action: warn}, {rule: image-exists}`));
    await fc.assert(
      fc.asyncProperty(recordings, fc.infiniteStream(fc.nat(100)), async (lines, order) => {
        rmSync(at('tests'), { recursive: true, force: true });
        const argv = ['shrink', record(lines), '--out', at('tests'), '-p', at('policies')];
        const { code, note } = await runCommand(argv);
        if (note.includes('no recorded review')) return;
        expect(code).toBe(0);
        const first = written();
        expect((await runCommand(['test', at('tests')])).code).toBe(0);
        const kept = reviews();
        expect(kept.every((one) => lines.some((each) => isSame(one, each)))).toBe(true);
        record(shuffled(lines, order));
        await runCommand(argv);
        expect(written()).toEqual(first);
        // Nothing is left to shrink.
        record(kept);
        await runCommand(argv);
        expect(reviews()).toEqual(kept);
      }),
      { numRuns: 30 },
    );
  }, 120_000);

  test('counts repetitions, and says what it leaves out', async () => {
    const pod = createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: 'none' } });
    const service = createReview({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } });
    const out = await shrink([
      line('nginx:1'),
      repeats(4),
      line('nginx:1', { endpoint: 'mutate' }),
      line('', { review: service }),
      line('', { review: pod }),
    ]);
    expect(out).toContain(
      'the smallest of 5 reviews for each of 1 distinct decision; left out: 1 of the mutating webhook, 1 without images, 1 with malformed objects\n',
    );
    expect(written().get('suite.yaml')).toContain('# The smallest of 5 reviews\n');
  });

  test('leaves out a line that is nested too deep to be written', async () => {
    const deep = JSON.stringify(line('nginx:2')).replace(
      '"spec":{',
      `"spec":{"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`,
    );
    const file = write('r.ndjson', `${JSON.stringify(line('nginx:1'))}\n${deep}\n`);
    const { code, out } = await runCommand(['shrink', file, '--out', at('tests')]);
    expect(code).toBe(0);
    expect(out).toContain('left out: 1 that are nested too deep\n');
  });

  test('keeps what was redacted as it was', async () => {
    const one = line('nginx:1', { redacted: ['/request/object/spec/containers/0/env/0/value'], dropped: 7 });
    await shrink([one]);
    expect(reviews()).toEqual([{ ...one, dropped: 0 }]);
  });

  test('prefers the smallest review, and among equal ones no order', async () => {
    const names = (): readonly unknown[] =>
      reviews().map(({ review }) => (review['request'] as { readonly name: string }).name);
    const [long, one, other] = [line('nginx:1', {}, 'long'), line('nginx:1', {}, 'a'), line('nginx:1', {}, 'b')];
    await shrink([long, one, other]);
    const [chosen] = names();
    expect(['a', 'b']).toContain(chosen);
    await shrink([other, one, long]);
    expect(names()).toEqual([chosen]);
  });
});

/** Repetitions stay behind their review. */
function shuffled(lines: Lines, order: fc.Stream<number>): Lines {
  const groups = lines
    .filter(({ type }) => type === 'review')
    .map((one) =>
      lines.filter((each) => each === one || (each.type === 'repeats' && 'id' in one && each.of === one.id)),
    );
  return groups
    .map((group) => ({ group, key: order.next().value as number }))
    .toSorted((one, other) => one.key - other.key)
    .flatMap(({ group }) => group);
}

function isSame(kept: RecordedReview, one: RecordedReview | RecordedRepeats): boolean {
  return JSON.stringify(kept) === JSON.stringify({ ...one, dropped: 0 });
}

describe('the files', () => {
  test.each<readonly [string, string]>([
    ['Pod', 'pod-create-denied-'],
    ['../../etc/passwd\u0000', 'etc-passwd-create-denied-'],
    ['-rf', 'rf-create-denied-'],
    ['💥'.repeat(100), 'create-denied-'],
    ['Ä'.repeat(500), 'create-denied-'],
  ])('have safe names, whatever kind %j is called', (kind, expected) => {
    const decisionClass = {
      group: '',
      kind,
      operation: 'CREATE',
      subResource: '',
      allowed: false,
      findings: [],
    } as const;
    const digest = 'a'.repeat(64);
    expect(reviewName({ decisionClass, digest, text: '', findings: [], reviews: 1 })).toBe(
      `${expected}${'a'.repeat(12)}.ndjson`,
    );
  });

  const foreign = async (): Promise<string> => {
    const { code, out, note } = await runCommand(['shrink', at('r.ndjson'), '--out', at('tests')]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    return note;
  };

  test('are replaced only as they were written', async () => {
    const [allowed, denied] = [line('nginx:1'), line('nginx')];
    await shrink([allowed, denied]);
    const before = written();
    const own = write('tests/reviews/mine.ndjson', 'mine');
    await shrink([allowed]);
    // The review that no case has is gone, and other files stay.
    expect([...written().keys()].filter((name) => name.startsWith('reviews/'))).toHaveLength(2);
    expect(readFileSync(own, 'utf8')).toBe('mine');

    const suite = at('tests/suite.yaml');
    writeFileSync(suite, readFileSync(suite, 'utf8').replace('name: recorded', 'name: ours'));
    expect(await foreign()).toBe(
      `${suite}: not written by tidewaiter shrink, or changed since, and nothing was written; to replace, add --force\n`,
    );
    expect(readFileSync(suite, 'utf8')).toContain('name: ours');
    await shrink([allowed, denied], '--force');
    rmSync(own);
    expect([...written().keys()]).toEqual([...before.keys()]);
  });

  test.each([
    ['tests', 'expected a directory, found a file'],
    ['tests/reviews', 'expected a directory, found a file'],
    ['tests/suite.yaml/x', 'expected a file, found a directory'],
  ])('are not written if a file is at %s', async (name, problem) => {
    write(name, '');
    record([line('nginx:1')]);
    expect(await foreign()).toMatch(new RegExp(`^\\S+: ${problem}\\n$`));
  });

  test('that someone has changed stay, and the command names them', async () => {
    await shrink([line('nginx:1')]);
    const [name = ''] = [...written().keys()].filter((one) => one.startsWith('reviews/'));
    writeFileSync(at(`tests/${name}`), 'mine');
    expect(await foreign()).toContain(`${at(`tests/${name}`)}: not written by tidewaiter shrink, or changed since`);
    expect(written().get(name)).toBe('mine');
  });

  test('are not written if the command is interrupted', async () => {
    record(Array.from({ length: 300 }, () => line('nginx:1')));
    const running = foreign();
    await expect.poll(() => process.listenerCount('SIGINT'), { interval: 1 }).toBeGreaterThan(0);
    process.emit('SIGINT');
    expect(await running).toBe('interrupted; nothing was written\n');
    expect(existsSync(at('tests'))).toBe(false);
  });

  test('of a suite that someone else wrote stay', async () => {
    record([line('nginx:1')]);
    write('tests/suite.yaml', 'kind: ImagePolicyTest\n');
    await foreign();
    expect(existsSync(at('tests/reviews'))).toBe(false);
  });

  test('are not written if the recording is unreadable, or has no reviews', async () => {
    for (const [text, message] of [
      ['{}\n', 'no recorded review with images found'],
      [JSON.stringify(createReview({ apiVersion: 'v1', kind: 'Pod' })), 'left out: 1 not from a recording'],
    ] as const) {
      write('r.ndjson', text);
      expect(await foreign()).toContain(message);
      expect(existsSync(at('tests'))).toBe(false);
    }
  });
});
