/** Replays of recordings with many reviews: counts, filters, threads, and interruptions. */
import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { RegistrySource } from '../../../src/admission/context.ts';
import type { RegistryAccess } from '../../../src/cli/open-registry.ts';
import { replay } from '../../../src/cli/replay/replay.ts';
import { createEvaluator } from '../../../src/cli/replay/evaluator.ts';
import { progressLine } from '../../../src/cli/replay/replay-progress.ts';
import { runReplay } from '../../../src/cli/replay/run-replay.ts';
import type { RegistryImage } from '../../../src/policy/registry-fact.ts';
import type { RecordedRepeats, RecordedReview } from '../../../src/recording/format.ts';
import type { Said } from '../../../src/recording/said.ts';
import type { ReplayRow } from '../../../src/recording/replay-row.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { POD, recordedReview } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { createReview } from '../../support/review.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-replays-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, value: string | Buffer): string {
  const full = path.join(folder, name);
  writeFileSync(full, value);
  return full;
}

const policies = (action: string): string =>
  file(
    `${action}.yaml`,
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-digest, action: ${action}}]}\n`,
  );
const WARN = policies('warn');
const DENY = policies('deny');

const TIME = '2027-03-01T12:00:00.000Z';
const later = (minutes: number): string => new Date(Date.parse(TIME) + minutes * 60_000).toISOString();

interface Sent {
  readonly id?: string;
  readonly namespace?: string;
  readonly user?: string;
  readonly image?: string;
  readonly minutes?: number;
  readonly rest?: Partial<RecordedReview>;
}

function line({
  id = 'a',
  namespace = 'shop',
  user = 'jane',
  image = 'x.example/a:1',
  minutes = 0,
  rest,
}: Sent): string {
  const pod = {
    ...POD,
    metadata: { ...POD.metadata, namespace },
    spec: { containers: [{ name: 'web', image }] },
  };
  const review = createReview(pod, { namespace, userInfo: { username: user, groups: [] } });
  return `${JSON.stringify(recordedReview({ id, time: later(minutes), review, ...rest }))}\n`;
}

function again(of: string, count: number, minutes: number, rest: Partial<RecordedRepeats> = {}): string {
  const time = later(minutes);
  const repeats = {
    format: 'tidewaiter.dev/recording/v1',
    type: 'repeats',
    of,
    count,
    first: time,
    last: time,
    dropped: 0,
  };
  return `${JSON.stringify({ ...repeats, ...rest })}\n`;
}

async function replayed(
  input: string,
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly report: ReplayDocument }> {
  const { code, out, note } = await runCommand(['replay', '-', '-p', WARN, '-o', 'json', ...argv], input);
  if (out === '') throw new Error(note);
  return { code, report: JSON.parse(out) as ReplayDocument };
}

const denials = ['--against', DENY];
const NOTHING: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: '' }) }),
};

describe('occurrences', () => {
  const lines = [
    again('b', 1, -5),
    line({ id: 'a' }),
    line({ id: 'b', minutes: 1, image: `x.example/a@sha256:${'0'.repeat(64)}` }),
    again('a', 3, 10, { dropped: 7 }),
    again('a', 2, 20),
  ].join('');

  test.each([
    ['a stream', () => replayed(lines, ...denials)],
    [
      'a file',
      async () => {
        const at = file('counts.ndjson.gz', gzipSync(lines));
        const { code, out } = await runCommand(['replay', at, '-p', WARN, '-o', 'json', ...denials]);
        return { code, report: JSON.parse(out) as ReplayDocument };
      },
    ],
  ])('of %s count as often as reviews occurred, and have times', async (_form, run) => {
    const { code, report } = await run();
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({
      reviews: 8,
      distinct: 2,
      compared: 8,
      different: 6,
      changes: { 'newly-denied': 6, same: 2 },
      dropped: 7,
      first: later(-5),
      last: later(20),
    });
    expect(report.reviews.map(({ id, count, first, last }) => [id, count, first, last])).toEqual([
      ['a', 6, TIME, later(20)],
    ]);
    expect(report.groups.owner).toEqual([
      { name: 'Pod shop/web', changes: { 'newly-denied': 6 }, first: TIME, last: later(20) },
    ]);
    expect(report.groups.rule[0]?.name).toBe('p/image-digest');
    expect(report.groups.registry[0]?.name).toBe('x.example');
  });

  test('of a large file are found before its reviews', async () => {
    // Random texts, which cannot be compressed.
    const filler = (): string => randomBytes(60_000).toString('base64');
    const many = Array.from({ length: 20 }, (_, index) => line({ id: `r${index}`, rest: { redacted: [filler()] } }));
    const at = file('large.ndjson.gz', gzipSync([...many, again('r3', 4, 1), again('gone', 1, 1)].join('')));
    expect(statSync(at).size).toBeGreaterThan(1024 * 1024);
    const { out } = await runCommand(['replay', at, '-p', WARN, '-o', 'json', ...denials]);
    const { summary, reviews, notices } = JSON.parse(out) as ReplayDocument;
    expect([summary.reviews, reviews[3]?.count]).toEqual([24, 5]);
    expect(notices.map(({ message }) => message)).toEqual(['1 review of which the recording has no line']);
  });

  test('of a review that is not in the file are told', async () => {
    const { report } = await replayed(line({}) + again('gone', 4, 0), ...denials);
    expect(report.notices.map(({ message }) => message)).toEqual(['4 reviews of which the recording has no line']);
  });
});

describe('filters', () => {
  const lines = [
    line({ id: 'a', namespace: 'shop-a', user: 'jane' }),
    line({ id: 'b', namespace: 'shop-b', user: 'system:serviceaccount:x:y', minutes: 60 }),
    line({ id: 'c', namespace: 'pay', user: 'jane', minutes: 120 }),
    again('a', 5, 90),
  ].join('');
  const counts = async (...argv: readonly string[]): Promise<readonly unknown[]> =>
    (await replayed(lines, ...denials, ...argv)).report.reviews.map(({ id, count }) => [id, count]);

  test.each<[readonly string[], readonly unknown[]]>([
    [
      ['-n', 'shop-*'],
      [
        ['a', 6],
        ['b', 1],
      ],
    ],
    [
      ['-n', 'shop-b', '-n', 'pay'],
      [
        ['b', 1],
        ['c', 1],
      ],
    ],
    [['--user', 'system:*'], [['b', 1]]],
    [
      ['--since', later(60)],
      [
        ['a', 5],
        ['b', 1],
        ['c', 1],
      ],
    ],
    [
      ['--until', later(60)],
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
    [['--since', later(61), '--until', later(100)], [['a', 5]]],
    [
      ['--since', '2027-03-01', '--until', '2027-03-02'],
      [
        ['a', 6],
        ['b', 1],
        ['c', 1],
      ],
    ],
  ])('%j', async (argv, expected) => {
    expect(await counts(...argv)).toEqual(expected);
  });

  test('that leave out everything are an error', async () => {
    const { code, report } = await replayed(lines, ...denials, '-n', 'shpo-*');
    expect(code).toBe(2);
    expect(report.errors.map(({ message }) => message)).toEqual([
      'no review matches --namespace, --user, --since, and --until (8 reviews left out)',
    ]);
  });

  test.each([
    ['--since', 'yesterday', /expected a duration such as 24h, a date, or a time such as/],
    ['--fail-on', 'denied', /expected "newly-denied", "newly-allowed", "patch", "message", or "unknown"/],
    ['--group-by', 'team', /expected "owner", "namespace", "rule", or "registry"/],
    ['--only', 'image-tga', /unknown rule or policy "image-tga"/],
    ['--jobs', '0', /expected a number from 1 to 64/],
  ])('%s %s says what is expected', async (flag, value, message) => {
    const { code, note } = await runCommand(['replay', '-', '-p', WARN, flag, value], lines);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringMatching(message) });
  });

  test.each([
    ['replay', []],
    ['suggest', ['--from']],
  ])('a time window that ends before it begins is an error in %s', async (command, from) => {
    const times = ['--since', '2027-03-02', '--until', '2027-03-01'];
    expect(await runCommand([command, ...from, WARN, ...times])).toMatchObject({
      code: 2,
      note: '--since (2027-03-02T00:00:00.000Z) is after --until (2027-03-01T00:00:00.000Z), so no review can match\n',
    });
  });

  test('--only compares the findings of one rule', async () => {
    const { code, report } = await replayed(lines, '--against', DENY, '--only', 'p/image-digest');
    expect([code, report.summary.changes['newly-denied']]).toEqual([1, 8]);
  });

  test.each([
    [['newly-denied'], 1],
    [['newly-allowed,unknown', '--fail-on', 'patch'], 0],
  ])('--fail-on %j exits with %i', async (changes, code) => {
    const { code: found } = await replayed(lines, ...denials, '--fail-on', ...changes);
    expect(found).toBe(code);
  });
});

const FACTS = { facts: { sources: ['images', 'secrets', 'serviceAccounts'] } } as const;

describe('facts', () => {
  const signed = file(
    'exists.yaml',
    'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: e}\nspec: {rules: [{rule: image-exists, onUnknown: deny}]}\n',
  );

  test('that a recording does not have are unknown, named, and counted', async () => {
    const input = line({ rest: FACTS }) + again('a', 4, 1);
    const { code, report } = await replayed(input, '--against', signed);
    expect(code).toBe(1);
    expect(report.summary).toMatchObject({ changes: { unknown: 5, 'newly-denied': 0 }, missingFacts: 5 });
    expect(report.missing).toEqual([{ fact: 'the digest of image "x.example/a:1"', reviews: 5 }]);
  });
});

describe('facts of today', () => {
  const exists = file(
    'exists-live.yaml',
    'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: e}\nspec: {rules: [{rule: image-exists}]}\n',
  );
  const input = [1, 2, 3].map((tag) => line({ id: `r${tag}`, image: `x.example/a:${tag}`, rest: FACTS })).join('');

  test('replace those of a recording with --live', async () => {
    let out = '';
    let pending = 0;
    let atOnce = 0;
    const lookUp: RegistrySource<RegistryImage>['lookUp'] = async () => {
      pending += 1;
      atOnce = Math.max(atOnce, pending);
      await setImmediate();
      pending -= 1;
      return { state: 'no', failure: { cause: 'notFound', message: 'no such tag', remedy: undefined } };
    };
    const flags = { policy: [exists], output: 'json', failOn: ['newly-denied'], groupBy: 'owner', live: true } as const;
    const terminal = {
      out: (text: string) => void (out += text),
      note: () => undefined,
      isTerminal: false,
      colors: false,
    };
    const closed: string[] = [];
    const code = await replay(
      [file('live.ndjson', input)],
      { ...flags, openRegistry: open },
      { ...terminal, input: () => NOTHING },
    );
    const { summary } = JSON.parse(out) as ReplayDocument;
    expect([code, summary.changes['newly-denied'], summary.missingFacts]).toEqual([1, 3, 0]);
    expect([atOnce, closed]).toEqual([3, ['registry']]);

    async function open(): Promise<RegistryAccess> {
      return { sources: { images: { lookUp } }, tracer: undefined, close: async () => void closed.push('registry') };
    }
  });

  test('are not looked up without it', async () => {
    const { code, note } = await runCommand(['replay', '-', '--cluster'], input);
    expect({ code, note }).toEqual({ code: 2, note: '--cluster, --context, and --kubeconfig require --live\n' });
  });
});

describe('a line that serve did not record', () => {
  const origin = { source: 'audit-log', object: 'stored' } as const;
  const imported = (admitted: boolean | undefined): string =>
    line({ rest: { response: undefined, origin: { ...origin, admitted } } });

  test.each([
    [true, 'recorded', 'newly-denied'],
    [false, null, null],
    [undefined, null, null],
  ])('admitted %j is compared with %j: %j', async (admitted, comparedWith, change) => {
    const { out } = await runCommand(['replay', '-', '-p', DENY, '-o', 'json', '--all'], imported(admitted));
    const { reviews } = JSON.parse(out) as ReplayDocument;
    expect(reviews.map((row) => [row.comparedWith, row.change])).toEqual([[comparedWith, change]]);
  });
});

describe('threads', () => {
  const NAMESPACES = ['a', 'b', 'c'];
  const said = (result: Said['result']): Said => ({ by: 'kyverno', policy: 'p', rule: 'r', result, message: 'm' });
  const review = (index: number): string =>
    line({
      id: `r${index}`,
      namespace: NAMESPACES[index % 3] ?? 'a',
      image: index % 5 === 0 ? `x.example/a@sha256:${'0'.repeat(64)}` : `x.example/a:${index % 7}`,
      minutes: index,
      rest: { redacted: [randomBytes(10_000).toString('hex')], said: [said(index % 4 === 0 ? 'fail' : 'pass')] },
    });
  const many = Array.from(
    { length: 400 },
    (_, index) => review(index) + (index % 40 === 0 ? again(`r${index}`, 2, index) : ''),
  );
  const files = {
    plain: file('many.ndjson', many.join('')),
    // Its lines of type `repeats` are read apart from the others.
    large: file('many.ndjson.gz', gzipSync(many.join(''))),
  };
  const formats = ['json', 'pretty', 'markdown', 'junit'];

  test.each(formats.flatMap((format) => [['plain', format] as const, ['large', format] as const]))(
    'do not change the result of a %s file as %s',
    async (name, format) => {
      const run = async (jobs: string): Promise<string> =>
        (await runCommand(['replay', files[name], '-p', WARN, ...denials, '-o', format, '--jobs', jobs])).out;
      const alone = await run('1');
      expect(alone.length).toBeGreaterThan(100);
      expect(await run('3')).toBe(alone);
    },
  );

  test.each([
    ['the recorded response', ['-p', WARN]],
    ['other policies', ['-p', WARN, ...denials]],
    ['policies that deny the same', ['-p', DENY, ...denials]],
    ['what others said', ['-p', DENY, '--compare-annotations']],
  ])('count reviews that are not listed as those that are, compared with %s', async (_name, flags) => {
    const run = async (...more: readonly string[]): Promise<Omit<ReplayDocument, 'reviews'>> => {
      const { out } = await runCommand(['replay', files.large, ...flags, '-o', 'json', '-j', '3', ...more]);
      const { reviews: _reviews, ...counts } = JSON.parse(out) as ReplayDocument;
      return counts;
    };
    const all = await run('--all');
    expect(all.summary.reviews).toBe(420);
    expect(await run()).toEqual(all);
  });
});

describe('an interruption', () => {
  const settings = {
    policy: [WARN],
    against: [DENY],
    now: undefined,
    moment: 0,
    only: [],
    namespaces: [],
    users: [],
    answers: false,
    rows: 'all' as const,
  };
  const terminal = {
    out: () => undefined,
    note: () => undefined,
    isTerminal: false,
    colors: false,
    input: () => NOTHING,
  };
  const input = { terminal, window: { since: undefined, until: undefined }, notices: [] };

  test('is not waited for after the files that threads read', async () => {
    const stop = new AbortController();
    const filler = (): string => randomBytes(700_000).toString('hex');
    const lines = ['a', 'b'].map((id) => line({ id, rest: { redacted: [filler(), filler()] } }));
    const paths = lines.map((text, index) => file(`large-${index}.ndjson.gz`, gzipSync(text)));
    const run = { ...input, paths, jobs: 2, stop: stop.signal, onRow: () => undefined };
    const report = await runReplay(await createEvaluator(settings), settings, run);
    expect(report.summary).toMatchObject({ files: 2, reviews: 2, errors: 0 });
    await setImmediate();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('gives the result of a part, marked as such', async () => {
    const evaluator = await createEvaluator(settings);
    const stop = new AbortController();
    const lines = Array.from({ length: 300 }, (_, index) =>
      line({ id: `r${index}`, rest: { redacted: ['x'.repeat(5000)] } }),
    );
    const rows: ReplayRow[] = [];
    const report = await runReplay(evaluator, settings, {
      paths: [file('first.ndjson', lines.join('')), file('second.ndjson', lines.join(''))],
      ...input,
      jobs: 1,
      stop: stop.signal,
      onRow(row) {
        rows.push(row);
        stop.abort();
      },
    });
    expect(rows).toHaveLength(300);
    expect(report).toMatchObject({ partial: true, summary: { files: 1, reviews: 300, errors: 1 } });
    expect(report.errors[0]?.message).toBe('interrupted; the other reviews are not evaluated');
  });
});

describe('the sum of all groups', () => {
  test('is that of the reviews, whatever occurs', async () => {
    const sent = fc.record({
      namespace: fc.constantFrom('a', 'b'),
      image: fc.constantFrom('x.example/a:1', 'y.example/b', `z.example/c@sha256:${'0'.repeat(64)}`),
      repeats: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 8 }), async (list) => {
        const input = list.map(({ repeats, ...rest }, index) => {
          const id = `r${index}`;
          return line({ ...rest, id }) + (repeats === 0 ? '' : again(id, repeats, 1));
        });
        const { report } = await replayed(input.join(''), ...denials);
        const { summary, groups, reviews } = report;
        const total = list.reduce((sum, { repeats }) => sum + 1 + repeats, 0);
        const sum = (of: readonly (number | undefined)[]): number =>
          of.reduce<number>((all, each) => all + (each ?? 0), 0);
        expect(summary.reviews).toBe(total);
        expect(sum(Object.values(summary.changes))).toBe(total);
        expect(sum(reviews.map(({ count }) => count))).toBe(summary.different);
        expect(sum(groups.namespace.map(({ changes }) => changes['newly-denied']))).toBe(summary.different);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the progress', () => {
  test.each([
    [
      { reviews: 12_304, bytes: 380, totalBytes: 1000, seconds: 3 },
      '12,304 reviews evaluated, 4,101 per second, 38 %, about 5 s left',
    ],
    [{ reviews: 1000, bytes: 0, totalBytes: 0, seconds: 2 }, '1,000 reviews evaluated, 500 per second'],
    [
      { reviews: 1000, bytes: 1, totalBytes: 1000, seconds: 2 },
      '1,000 reviews evaluated, 500 per second, 0 %, about 33 min left',
    ],
  ])('%j reads', (position, text) => {
    expect(progressLine(position)).toBe(text);
  });
});
