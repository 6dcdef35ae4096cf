import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordingFiles } from '../../../src/files/recording-files.ts';
import { recordedEntries } from '../../../src/files/recording-lines.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import type { Recorded, RecordedReview } from '../../../src/recording/format.ts';
import type { RecordingReport } from '../../../src/report/recording.ts';
import { CREATED, denied, lines, STORED_POD, UPDATED } from '../../files/audit/events.ts';
import { CONSTRAINT, POLICY_REPORT } from '../../files/said/reports.ts';
import { leaksIn, planted } from '../../recording/canaries.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('import-audit');

async function linesIn(directory = 'out'): Promise<readonly Recorded[]> {
  const found: Recorded[] = [];
  for (const file of recordingFiles(directory)) {
    for await (const entry of recordedEntries(file)) {
      if ('problem' in entry) throw new Error(`${entry.line}: ${entry.problem}`);
      found.push(entry.recorded);
    }
  }
  return found;
}

async function reviewsIn(directory?: string): Promise<readonly RecordedReview[]> {
  return (await linesIn(directory)).filter((line) => line.type === 'review');
}

async function reportOf(args: readonly string[], stdin = ''): Promise<RecordingReport & { readonly code: number }> {
  const { code, out, note } = await runCommand(['import-audit', ...args, '-o', 'json'], stdin);
  if (out === '') throw new Error(note);
  return { ...(JSON.parse(out) as RecordingReport), code };
}

const LIST = { ...CREATED, auditID: 'l-1', verb: 'list', level: 'Metadata' };

describe('import-audit', () => {
  test('tells what was recorded, and why the rest was not', async () => {
    const text = lines([
      CREATED,
      UPDATED,
      LIST,
      { ...CREATED, auditID: 'a-3', level: 'Metadata', requestObject: undefined, responseObject: undefined },
    ]);
    writeFileSync('audit.log', `${text}{"kind":"Ev`);
    const { code, out, note } = await runCommand(['import-audit', 'audit.log', '--out', 'out']);
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(out.replace(/\d+ bytes/, 'N bytes')).toBe(`2 of 5 recorded as reviews (2 lines, N bytes)
  1 CREATE, 1 UPDATE
  2027-03-01T12:00:00.123Z to 2027-03-01T12:00:00.123Z

Not recorded:
  1  last lines that are incomplete (first: audit.log:5)
  1  events of level Metadata or None, which have no object; the audit policy needs level Request or RequestResponse (first: audit.log:4)
  1  requests that change nothing, such as get, list, and watch (first: audit.log:3)

To evaluate them: tidewaiter replay out
`);
    expect(readdirSync('out').map((name) => statSync(path.join('out', name)).mode & 0o777)).toEqual([0o600]);
    const replayed = await runCommand(['replay', 'out', '-o', 'json']);
    expect(replayed.code).toBe(0);
  });

  test('counts reviews of the same shape, or writes a line for each', async () => {
    const events = Array.from({ length: 10 }, (_, index) => ({
      ...CREATED,
      auditID: `a-${index}`,
      responseObject: { ...STORED_POD, metadata: { ...STORED_POD.metadata, name: `web-${index}`, uid: `u-${index}` } },
    }));
    writeFileSync('audit.log', lines(events));
    const { summary } = await reportOf(['audit.log', '--out', 'out']);
    expect(summary).toMatchObject({ read: 10, reviews: 10, lines: 1, create: 10 });
    expect(await linesIn()).toMatchObject([{ type: 'review' }, { type: 'repeats', count: 9 }]);
    const each = await reportOf(['audit.log', '--out', 'each', '--each', 'review']);
    expect(each.summary).toMatchObject({ reviews: 10, lines: 10 });
  });

  test('reads files in the order of their events, compressed or not', async () => {
    const minute = (index: number): string =>
      lines([{ ...CREATED, auditID: `m-${index}`, requestReceivedTimestamp: `2027-03-01T12:0${index}:00Z` }]);
    mkdirSync('logs/old', { recursive: true });
    writeFileSync('logs/audit.log', minute(3));
    writeFileSync('logs/audit.log.1', gzipSync(minute(2)));
    writeFileSync('logs/audit.log.2.zst', zstdCompressSync(minute(1)));
    writeFileSync('first.log', Buffer.concat([gzipSync(minute(0)), gzipSync(lines([LIST]))]));
    const { code, summary } = await reportOf(
      ['logs', '-', 'first.log', 'first.log', '--out', 'out', '--each', 'review'],
      minute(4),
    );
    expect({ code, reviews: summary.reviews }).toEqual({ code: 0, reviews: 5 });
    expect((await reviewsIn()).map(({ review }) => (review['request'] as { readonly uid: string }).uid)).toEqual(
      [0, 1, 2, 3, 4].map((index) => `m-${index}`),
    );
  });

  test('reads links in a directory, names those that lead nowhere, and waits for no pipe', async () => {
    mkdirSync('logs');
    writeFileSync('audit.log', lines([CREATED]));
    symlinkSync('../audit.log', 'logs/a.log');
    symlinkSync('absent', 'logs/b.log');
    execFileSync('mkfifo', ['logs/c.log']);
    const { code, summary, errors } = await reportOf(['logs', '--out', 'out']);
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 1 });
    expect(errors).toMatchObject([{ file: 'logs/b.log', message: 'no such file or directory' }]);
  });

  // root can read each directory.
  test.skipIf(process.getuid?.() === 0)('names a directory that it cannot read', async () => {
    mkdirSync('logs', { mode: 0o000 });
    const { code, errors } = await reportOf(['logs', '--out', 'out']);
    expect({ code, errors }).toMatchObject({ code: 2, errors: [{ file: 'logs', message: 'permission denied' }] });
  });

  test('reads lists of events', async () => {
    const list = {
      kind: 'EventList',
      apiVersion: 'audit.k8s.io/v1',
      metadata: {},
      items: [{ ...CREATED, kind: undefined }, LIST],
    };
    writeFileSync('list.json', JSON.stringify(list, null, 2));
    const { summary, refused } = await reportOf(['list.json', '--out', 'out']);
    expect(summary).toMatchObject({ read: 2, reviews: 1 });
    expect(refused).toMatchObject([{ reason: 'read', count: 1, example: { file: 'list.json', line: 1 } }]);
  });

  test('records what other policies said, and invents no response', async () => {
    const message =
      'admission webhook "validation.gatekeeper.sh" denied the request: [no-latest] container <web> has the tag latest';
    writeFileSync('audit.log', lines([{ ...CREATED, responseStatus: denied(message) }]));
    await reportOf(['audit.log', '--out', 'out']);
    const [line] = await reviewsIn();
    expect(line).toMatchObject({
      origin: { source: 'audit-log', object: 'sent', admitted: false },
      said: [{ by: 'gatekeeper', policy: 'no-latest', result: 'fail', action: 'deny' }],
      facts: { sources: [] },
    });
    expect(line).not.toHaveProperty('response');
  });

  test('lets replay say which findings can be existing ones', async () => {
    const latest = { containers: [{ name: 'web', image: 'nginx' }] };
    const updated = { ...UPDATED, responseObject: { ...UPDATED.responseObject, spec: latest } };
    writeFileSync('audit.log', lines([updated, { ...UPDATED, auditID: 'a-9' }]));
    await reportOf(['audit.log', '--out', 'out']);
    const { code, out } = await runCommand(['replay', 'out']);
    expect(code).toBe(1);
    expect(out).toContain('1 would be newly denied');
    expect(out).toMatch(
      /not in the recording\n {2}the old object of the update; findings that it had count as new {2}2 reviews\n/,
    );
  });

  test('adds what reports say about the object', async () => {
    writeFileSync('audit.log', lines([CREATED]));
    writeFileSync('reports.json', JSON.stringify({ items: [POLICY_REPORT, CONSTRAINT] }));
    const { code, summary } = await reportOf(['audit.log', '--out', 'out', '--reports', 'reports.json']);
    expect({ code, said: summary.said }).toEqual({ code: 0, said: 1 });
    expect((await reviewsIn())[0]?.said).toMatchObject([
      { by: 'kyverno', policy: 'disallow-latest-tag', rule: 'require-image-tag', result: 'fail' },
      { by: 'kyverno', policy: 'disallow-latest-tag', rule: 'validate-image-tag', result: 'pass' },
      { by: 'gatekeeper', policy: 'repo-is-openpolicyagent', result: 'fail', action: 'deny' },
    ]);
  });

  test('names reports that cannot be read, and needs a cluster for those of one', async () => {
    writeFileSync('audit.log', lines([CREATED]));
    writeFileSync('reports.json', '{}');
    const { code, errors, summary } = await reportOf(['audit.log', '--out', 'out', '--reports', 'reports.json']);
    expect({ code, errors, reviews: summary.reviews }).toMatchObject({
      code: 2,
      errors: [{ file: 'reports.json', message: 'no policy report and no constraint found' }],
      reviews: 1,
    });
    const { note } = await runCommand(['import-audit', 'audit.log', '--out', 'more', '--cluster-reports']);
    expect(note).toBe('--cluster-reports requires --cluster\n');
  });

  test('needs a cluster or registries for the facts that policies need', async () => {
    writeFileSync('audit.log', lines([CREATED]));
    const { code, note } = await runCommand(['import-audit', 'audit.log', '--out', 'out', '-p', 'policy.yaml']);
    const problem = '--policy requires --registry or --cluster, because policies decide which facts are looked up\n';
    expect([code, note]).toEqual([2, problem]);
  });

  test('removes secrets from objects and users', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(planted([STORED_POD]), async ({ review, canaries }) => {
        const { object, oldObject, userInfo: user } = review['request'] as JsonObject;
        const status = denied('admission webhook "policy.example.com" denied the request: no');
        const events = [
          { ...CREATED, auditID: 'a-0', user, responseObject: oldObject ?? object },
          { ...UPDATED, user, responseObject: object ?? oldObject },
          { ...CREATED, auditID: 'a-3', user, requestObject: object ?? oldObject, responseStatus: status },
        ];
        writeFileSync('audit.log', lines(events));
        const out = `out-${(runs += 1)}`;
        expect((await reportOf(['audit.log', '--out', out])).summary.reviews).toBeGreaterThan(1);
        expect(leaksIn(JSON.stringify(await linesIn(out)), canaries)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('removes secrets from the messages of other policies', async () => {
    const env = [{ name: 'A', value: 'canaryfromenv' }];
    const message =
      'admission webhook "policy.example.com" denied the request: "canaryfromenv" and --password=canaryfromnowhere are not allowed';
    const pod = { ...STORED_POD, spec: { containers: [{ name: 'web', image: 'nginx', env }] } };
    writeFileSync('audit.log', lines([{ ...CREATED, requestObject: pod, responseStatus: denied(message) }]));
    await reportOf(['audit.log', '--out', 'out']);
    expect((await reviewsIn())[0]?.said).toMatchObject([
      { message: '"[redacted]" and --password=[redacted] are not allowed' },
    ]);
  });

  test('survives values that are nested too deep', async () => {
    const depth = 200_000;
    const spec = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const deep = JSON.stringify({ ...CREATED, responseObject: { ...STORED_POD, spec: 'HERE' } }).replace(
      '"HERE"',
      spec,
    );
    writeFileSync('audit.log', `${deep}\n${lines([{ ...CREATED, auditID: 'a-2' }])}`);
    const { code, summary, refused } = await reportOf(['audit.log', '--out', 'out']);
    expect({ code, reviews: summary.reviews }).toEqual({ code: 0, reviews: 1 });
    expect(refused).toMatchObject([{ reason: 'too-deep', count: 1 }]);
  });

  const failures: readonly (readonly [string, () => readonly string[], string])[] = [
    ['a missing file', () => ['missing.log', 'audit.log', '--out', 'out'], 'no such file'],
    [
      'damaged compression',
      () => {
        const bytes = gzipSync(lines([CREATED]));
        bytes.fill(0xff, 12, 40);
        writeFileSync('bad.gz', bytes);
        return ['bad.gz', 'audit.log', '--out', 'out'];
      },
      'damaged',
    ],
  ];

  test.each(failures)('reads the other files and exits with 2: %s', async (_name, prepare, problem) => {
    writeFileSync('audit.log', lines([CREATED]));
    const { code, errors, summary } = await reportOf(prepare());
    expect({ code, reviews: summary.reviews }).toEqual({ code: 2, reviews: 1 });
    expect(errors.map(({ message }) => message).join()).toContain(problem);
  });

  const events = Array.from({ length: 300 }, (_, index) => ({ ...CREATED, auditID: `c-${(index * 7919) % 1009}` }));
  const forms: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(lines(events))],
    ['zstd', zstdCompressSync(lines(events))],
    ['gzip files joined', Buffer.concat([gzipSync(lines(events)), gzipSync(lines(events))])],
    ['zstd files joined', Buffer.concat([zstdCompressSync(lines(events)), zstdCompressSync(lines(events))])],
  ];
  test.each(forms)('converts what is there of a file that ends early, and exits with 2: %s', async (name, whole) => {
    for (const missing of [1, 9, Math.floor(whole.length / 3)]) {
      writeFileSync('audit.log', whole.subarray(0, -missing));
      const out = `out-${missing}`;
      const { code, errors, summary } = await reportOf(['audit.log', '--out', out, '--each', 'review']);
      expect({ code, errors }).toMatchObject({
        code: 2,
        errors: [{ file: 'audit.log', message: 'the compressed content ends early' }],
      });
      // zstd has one block, and with it all lines.
      if (name !== 'zstd') expect(summary.reviews).toBeGreaterThan(missing > 9 ? 50 : 299);
      expect(await reviewsIn(out)).toHaveLength(summary.reviews);
    }
    writeFileSync('audit.log', whole);
    expect(await reportOf(['audit.log', '--out', 'whole'])).toMatchObject({ code: 0, errors: [] });
  });

  test('exits with 2 if no event became a review', async () => {
    writeFileSync('audit.log', lines([LIST]));
    const { code, out } = await runCommand(['import-audit', 'audit.log', '--out', 'out']);
    expect({ code, out }).toMatchObject({ code: 2, out: expect.stringContaining('0 of 1 recorded') as string });
    expect(readdirSync('out')).toEqual([]);
  });

  const rejected: readonly (readonly [string, () => void, string])[] = [
    [
      'a directory with files',
      () => {
        mkdirSync('out');
        writeFileSync('out/a', '');
      },
      'cannot write the recording to "out" (set by --out): the directory is not empty',
    ],
    ['a file', () => writeFileSync('out', ''), 'cannot write the recording to "out" (set by --out): '],
  ];

  test.each(rejected)('rejects an output that is %s', async (_name, prepare, problem) => {
    writeFileSync('audit.log', lines([CREATED]));
    prepare();
    const { code, note } = await runCommand(['import-audit', 'audit.log', '--out', 'out']);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(problem) as string });
  });

  test('requires an output', async () => {
    const { code, note } = await runCommand(['import-audit', 'audit.log']);
    expect({ code, note }).toMatchObject({ code: 2, note: expect.stringContaining('--out') as string });
  });

  test('removes the fields of --redact and of the configuration as well', async () => {
    writeFileSync('audit.log', lines([CREATED]));
    writeFileSync('tidewaiter.yaml', 'record: recordings\nrecordRedact: [serviceAccountName]\n');
    await reportOf(['audit.log', '--out', 'out', '--redact', 'containers']);
    const [line] = await reviewsIn();
    expect(line?.redacted).toEqual(
      expect.arrayContaining(['/request/object/spec/containers', '/request/object/spec/serviceAccountName']),
    );
  });
});
