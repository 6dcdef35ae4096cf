/** The data of the HTML report, from the results of the commands. */
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkRun } from '../../../src/report/html/check-run.ts';
import { pack, unpack } from '../../../src/report/html/pack.ts';
import type { ReportData, Run } from '../../../src/report/html/report-data.ts';
import { plainText } from '../../../src/report/html/sentence.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { FINDING, reportOf } from '../hostile-report.ts';
import { manyFindings, ORIGIN, replayWithTimes, reportOf as reportHtml, RUN } from './sample.ts';

inOwnFolders('html');

const WARNING = { ...FINDING, action: 'warn' } as const;
const OTHER = { ...FINDING, name: 'api' };

function run(findings: Parameters<typeof reportOf>[0], summary: object = {}): Run {
  const report = reportOf(findings);
  const input = { paths: ['deploy/'], policySource: 'policies/', objects: new Map(), textOf: () => undefined };
  return checkRun({ ...input, report: { ...report, summary: { ...report.summary, evaluated: 4, ...summary } } });
}

const VERDICTS: readonly (readonly [name: string, run: () => Run, verdict: string, because: string])[] = [
  ['nothing', () => run([]), 'Nothing in deploy/ would be denied: 4 workloads without a problem.', ''],
  ['nothing evaluated', () => run([], { evaluated: 0 }), 'Nothing in deploy/ was evaluated.', ''],
  ['a warning', () => run([WARNING]), 'Nothing in deploy/ would be denied; 1 of 4 workloads would get warnings.', ''],
  [
    'one rule',
    () => run([FINDING, WARNING]),
    'Applying deploy/ would be denied for 1 of 4 workloads, only because of image-tag.',
    '',
  ],
  [
    'two rules in one workload',
    () => run([FINDING, { ...FINDING, rule: 'image-registry' }]),
    'Applying deploy/ would be denied for 1 of 4 workloads.',
    '',
  ],
  [
    'two rules, one of which frees a workload',
    () => run([FINDING, { ...FINDING, rule: 'image-registry' }, OTHER]),
    'Applying deploy/ would be denied for 2 of 4 workloads; 1 of them only because of image-tag.',
    'Fix image-tag, and 1 workload is left.',
  ],
  [
    'unknown, excused, and known findings, and an error',
    () => run([{ ...WARNING, outcome: 'unknown' }], { errors: 1, excused: 2, known: 1 }),
    'Nothing in deploy/ would be denied; 1 of 4 workloads would get warnings.',
    '1 input could not be evaluated, so the result is incomplete. 1 result is unknown and denies nothing. Exceptions excuse 2 findings. The baseline contains 1 finding.',
  ],
];

describe('the HTML report of a check', () => {
  test.each(VERDICTS)('with %s has its verdict', (_name, runOf, verdict, because) => {
    const { verdict: said, because: reason } = runOf();
    expect([plainText(said), plainText(reason)]).toEqual([verdict, because]);
  });

  test('puts the findings of an object together, and names its registry', () => {
    const { reviews, findings } = run([FINDING, WARNING, OTHER]);
    expect(reviews.map(({ name, after }) => [name, after])).toEqual([
      ['web', 'deny'],
      ['api', 'deny'],
    ]);
    expect(findings.map(({ review, registry, after }) => [review, registry, after])).toEqual([
      [0, 'docker.io', 'deny'],
      [0, 'docker.io', 'warn'],
      [1, 'docker.io', 'deny'],
    ]);
  });

  test('has the owner, the excerpt, and the pull secrets of an object, without its secrets', async () => {
    const { out } = await runCommand(['check', '-', '-o', 'html', '--offline'], WORKLOAD);
    const { reviews, findings } = runIn(out);
    expect(reviews[0]?.owner).toBe('team-a');
    expect(reviews[0]?.pods[0]?.containers.map(({ name, start, credential }) => [name, start, credential])).toEqual([
      ['app', 1, { state: 'found', secret: 'regcred', user: 'ci' }],
    ]);
    expect(findings[0]?.excerpt?.lines.map(([number]) => number)).toEqual([9, 10, 11, 12]);
    expect(out).not.toContain('s3cret');
  });
});

/** The first run in a report. */
function runIn(html: string): Run {
  const text = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  const [first] = unpack(text).runs;
  if (first === undefined) throw new Error('the report has no run');
  return first;
}

const WORKLOAD = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    example.com/team: team-a
  annotations:
    note: s3cret
spec:
  containers:
    - name: app
      image: registry.example.com/web
      env: [{name: TOKEN, value: s3cret}]
  imagePullSecrets: [{name: regcred}]
---
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"registry.example.com":{"username":"ci","password":"s3cret"}}}'}
`;

const REPLAYS: readonly (readonly [name: string, flags: readonly string[], verdict: RegExp])[] = [
  ['with nothing to compare with', [], /^The policies (?:deny \d+ of|allow) \d+ recorded reviews?\.$/],
];

describe('the HTML report of a replay', () => {
  test.each(REPLAYS)('%s has its verdict', async (_name, flags, verdict) => {
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'a',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        operation: 'CREATE',
        namespace: 'shop',
        name: 'web',
        userInfo: {},
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web' },
          spec: { containers: [{ name: 'a', image: 'nginx' }] },
        },
      },
    };
    const { code, out, note } = await runCommand(['replay', '-', '-o', 'html', ...flags], JSON.stringify(review));
    expect({ code, note }).toEqual({ code: 0, note: '' });
    expect(/<title>(.*?)<\/title>/s.exec(out)?.[1]).toMatch(verdict);
  });
});

describe('the compact form of a report', () => {
  test('is compressed if it is large, and is JSON otherwise', () => {
    const [small, large] = [30, 6000].map((count) => reportHtml(manyFindings(count)));
    const dataIn = (html = ''): string => /id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect(unpack(dataIn(small)).runs[0]?.findings.length).toBe(30);
    const inflated = inflateRawSync(Buffer.from(dataIn(large), 'base64')).toString();
    expect(unpack(inflated).runs[0]?.findings.length).toBe(6000);
    expect(dataIn(large).length).toBeLessThan(inflated.length / 5);
  });

  const RUNS: readonly (readonly [string, Run])[] = [
    ['a check', { ...RUN, ...manyFindings(30) }],
    ['a replay', replayWithTimes()],
    ['nothing', { ...RUN, findings: [], reviews: [] }],
  ];

  test.each(RUNS)('of %s is the same when it is read', (_name, packed) => {
    const data: ReportData = {
      version: 1,
      tool: 'a',
      created: '2026-11-28T16:40:12.000Z',
      rules: {},
      origin: ORIGIN,
      runs: [packed],
    };
    expect(unpack(pack(data))).toEqual(data);
  });
});
