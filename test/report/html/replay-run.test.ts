/** The rows of a replay in the HTML report: sentences, sums, findings, and what changed in the policies. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { FindingChange } from '../../../src/recording/comparison.ts';
import type { ReplayRow } from '../../../src/recording/replay-row.ts';
import { openReport, unpack } from '../../../src/report/html/pack.ts';
import { matchesOf } from '../../../src/report/html/page/match.ts';
import { modelOf } from '../../../src/report/html/page/model.ts';
import { initialState } from '../../../src/report/html/page/state.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { policyChange } from '../../../src/report/html/policy-change.ts';
import { collectRows } from '../../../src/report/html/replay-run.ts';
import type { Run } from '../../../src/report/html/report-data.ts';
import { plainText } from '../../../src/report/html/sentence.ts';
import { replayTotals } from '../../../src/report/replay/totals.ts';
import { createReview } from '../../support/review.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { recordedReview, repeats } from '../../recording/lines.ts';
import { row } from '../replay/rows.ts';

inOwnFolders('html-replay');

const DENIAL: FindingChange = {
  policy: 'registries',
  rule: 'image-registry',
  outcome: 'violation',
  message: 'init container "migrate": image "quay.io/a:1" is not from an allowed registry',
  container: 'migrate',
  image: 'quay.io/a:1',
  registry: 'quay.io',
  pointer: '/spec/template/spec/initContainers/0/image',
  remedy: 'allowed: registry.example.com/**',
  before: 'warn',
  after: 'deny',
};
const TEXTS = { allowed: true, message: null, warnings: ['w'], patch: [] };

function denied(rest: Partial<ReplayRow> = {}): ReplayRow {
  const sides = { before: TEXTS, after: { ...TEXTS, allowed: false, warnings: [] } };
  return row({ change: 'newly-denied', allowed: false, findings: [DENIAL], ...sides, ...rest });
}

function runsOf(all: readonly ReplayRow[]): readonly Run[] {
  const collected = collectRows();
  const totals = replayTotals();
  for (const each of all) {
    collected.add(each);
    totals.add(each);
  }
  return collected.runs({ report: totals.report(false), paths: ['rec/'], policies: 'from policy a to b' });
}

const OTHER = { ...DENIAL, image: 'docker.io/b:2' };
const THIRD = { ...DENIAL, image: 'docker.io/c:3' };

const SENTENCES: readonly (readonly [
  name: string,
  rows: () => readonly ReplayRow[],
  verdict: string,
  because: string,
])[] = [
  [
    'nothing that differs',
    () => [row(), row()],
    'Nothing changes: 2 reviews with the same decision, findings, and patch.',
    '',
  ],
  ['one denial', () => [denied(), row()], 'The policies would newly deny 1 of 2 reviews.', ''],
  [
    'a team with most of the denials',
    () => [denied({ team: 'team-a', count: 9 }), denied({ team: 'team-b' }), row({ count: 90 })],
    'The policies would newly deny 10 of 100 reviews; 9 belong to team-a.',
    '',
  ],
  [
    'a namespace with most of the denials, and no teams',
    () => [denied({ count: 2 }), denied({ namespace: 'lab' })],
    'The policies would newly deny 3 of 3 reviews; 2 are in shop.',
    '',
  ],
  [
    'images that cause all denials',
    () => [denied({ count: 4 }), denied({ findings: [OTHER] }), denied({ findings: [DENIAL, OTHER] })],
    'The policies would newly deny 6 of 6 reviews.',
    'Two images cause all 6 denials: quay.io/a:1 and docker.io/b:2.',
  ],
  [
    'images that cause most of the denials',
    () => [
      denied({ count: 4 }),
      denied({ findings: [OTHER], count: 2 }),
      denied({ findings: [THIRD] }),
      denied({ findings: [THIRD, OTHER] }),
    ],
    'The policies would newly deny 8 of 8 reviews.',
    'Two images cause 6 of 8 denials: quay.io/a:1 and docker.io/b:2; without them, 2 denials are left.',
  ],
  [
    'reviews that are unknown, or have nothing to compare with',
    () => [row({ change: 'unknown', missing: ['labels'] }), row({ change: null, comparedWith: null }), row()],
    'No decision is known to change.',
    '1 review cannot be decided, because facts are missing or unknown. 1 review had nothing to compare with.',
  ],
  [
    'no comparison',
    () => [row({ change: null, comparedWith: null, count: 3 })],
    'The policies allow 3 recorded reviews.',
    '',
  ],
];

describe('the HTML report of a replay', () => {
  test.each(SENTENCES)('of %s has its sentences', (_name, all, verdict, because) => {
    const [run] = runsOf(all());
    expect([plainText(run?.verdict ?? []), plainText(run?.because ?? [])]).toEqual([verdict, because]);
  });

  test('has both sides of a finding, and the controller as the workload', () => {
    const [run] = runsOf([denied({ team: 'team-a', name: 'web-5d-x', owner: { kind: 'Deployment', name: 'web' } })]);
    expect(run?.reviews).toMatchObject([
      {
        kind: 'Deployment',
        name: 'web',
        object: 'Pod shop/web-5d-x',
        owner: 'team-a',
        user: 'ServiceAccount ci/deployer',
        before: 'warn',
        after: 'deny',
      },
    ]);
    expect(run?.findings).toMatchObject([
      {
        message: 'image "quay.io/a:1" is not from an allowed registry',
        containerKind: 'init',
        before: 'warn',
        after: 'deny',
      },
    ]);
  });

  const SILENT = { allowed: false, message: null, warnings: ['w'], patch: [] };

  test.each([
    [
      'newly-allowed',
      { allowed: true, before: SILENT, after: TEXTS },
      { message: 'was denied without a message', before: 'deny', after: 'warn' },
    ],
    [
      'newly-denied',
      { allowed: false, before: TEXTS, after: SILENT },
      { message: 'is denied without a message', before: 'warn', after: 'deny' },
    ],
    ['same', { allowed: true, before: TEXTS, after: TEXTS }, undefined],
  ] as const)('has a row for a review that is %s, whose response has no reason', (change, sides, shown) => {
    const [run] = runsOf([row({ change, ...sides })]);
    expect(run?.findings).toMatchObject(shown === undefined ? [] : [shown]);
  });

  test('lists, in a second run, what is denied in the end, with its reasons', () => {
    const { before: _before, after: _after, ...rest } = DENIAL;
    const stays = { ...rest, action: 'deny' as const, rule: 'image-tag' };
    const runs = runsOf([denied({ count: 2 }), row({ allowed: false, denials: [stays], count: 3 }), row({ count: 5 })]);
    expect(runs.map(({ id, title, verdict }) => [id, title, plainText(verdict)])).toEqual([
      ['replay', 'Changes', 'The policies would newly deny 2 of 10 reviews.'],
      ['denials', 'All denials', 'The policies deny 5 of 10 recorded reviews.'],
    ]);
    expect(runs[1]?.findings.map(({ rule, before, after }) => [rule, before, after])).toEqual([
      ['image-registry', null, 'deny'],
      ['image-tag', null, 'deny'],
    ]);
  });

  test('has one run if nothing is denied', () => {
    expect(runsOf([row(), row()]).map(({ title }) => title)).toEqual(['Replay']);
  });

  test('counts reviews as often as they occurred: in its sentence, tiles, bars, chart, and rows', async () => {
    mkdirSync('rec');
    writeFileSync('rec/a.ndjson', RECORDING.map((line) => `${JSON.stringify(line)}\n`).join(''));
    writeFileSync('today.yaml', policy('warn'));
    writeFileSync('tomorrow.yaml', policy('deny'));
    const words = ['replay', 'rec', '-p', 'today.yaml', '--against', 'tomorrow.yaml', '-o', 'html'];
    const { out, code } = await runCommand(words);
    expect(code).toBe(1);
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(out)?.[1] ?? '';
    const { origin, runs } = unpack(json);
    expect(origin).toEqual({
      command: `tidewaiter ${words.join(' ')}`,
      policyPlaces: { 'registries/image-registry': 'tomorrow.yaml:6' },
      linkBase: null,
    });
    expect(runs[0]?.policyChange).toEqual([
      ['file', 'tomorrow.yaml'],
      [' ', 'metadata: {name: registries}'],
      [' ', 'spec:'],
      [' ', '  rules:'],
      ['-', '    - rule: image-registry # warn'],
      ['-', '      action: warn'],
      ['+', '    - rule: image-registry # deny'],
      ['+', '      action: deny'],
      [' ', "      parameters: {allow: ['registry.example.com/**']}"],
    ]);
    expect(plainText(runs[0]?.verdict ?? [])).toBe('The policies would newly deny 5 of 7 reviews; 4 are in shop.');
    const report = openReport(json);
    const [view] = report.runs;
    if (view === undefined) throw new Error('no run');
    const model = modelOf(report, view);
    const found = matchesOf(model, initialState(model));
    const barsOf = (key: 'namespace' | 'rule'): unknown =>
      [...(found.facets.get(key) ?? [])].map(([value, { number }]) => [value, number]);
    expect(found.tiles.get('newly-denied')).toBe(5);
    expect(barsOf('namespace')).toEqual([
      ['shop', 4],
      ['lab', 1],
    ]);
    expect(barsOf('rule')).toEqual([['image-registry', 5]]);
    expect(found.steps.denied.reduce((sum, each) => sum + each, 0)).toBe(5);
    expect(view.head.timeline?.all.reduce((sum, each) => sum + each, 0)).toBe(7);
    expect(found.count).toBe(3);
  });
});

const FAULTS = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: faults}
spec:
  rules:
    - rule: container-ports
    - rule: container-resources
      parameters: {requests: [cpu]}
    - rule: pull-secret-usable
    - rule: cel
      parameters: {expression: '!container.securityContext.privileged', message: privileged}
    - rule: cel
      parameters: {expression: '!object.spec.hostNetwork', message: host network}
    - rule: image-registry
      parameters: {allow: ['registry.example.com/**']}
`;

describe('the HTML report of a replay shows, of the recorded object,', () => {
  const CANARY = 'c4n4ry-PASSWORD';
  const container = {
    name: 'app',
    image: 'quay.io/shop/app:1',
    ports: [{ containerPort: 8080 }, { containerPort: 70_000 }],
    env: [{ name: 'TOKEN', value: CANARY }],
    args: [`--password=${CANARY}`],
    securityContext: { privileged: true },
  };
  const OBJECT = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', annotations: { 'example.com/token': CANARY } },
    spec: { hostNetwork: true, imagePullSecrets: [{ name: 'regcred' }, { name: 'gone' }], containers: [container] },
  };
  const SECRET = {
    type: 'kubernetes.io/dockerconfigjson',
    keys: ['.dockerconfigjson'],
    bytes: 100,
    contents: {
      state: 'read',
      key: '.dockerconfigjson',
      entries: [{ server: 'quay.io', user: 'hash-of-the-user', password: 'other' }],
    },
  } as const;

  async function replayed(
    ...options: readonly string[]
  ): Promise<{ readonly out: string; readonly runs: readonly Run[] }> {
    const recorded = recordedReview({
      review: createReview(OBJECT),
      facts: {
        sources: ['secrets'],
        pullSecrets: [
          { name: 'regcred', fact: { state: 'yes', value: SECRET } },
          { name: 'gone', fact: { state: 'no' } },
        ],
      },
    });
    writeFileSync('a.ndjson', `${JSON.stringify(recorded)}\n`);
    writeFileSync('faults.yaml', FAULTS);
    const { out } = await runCommand(['replay', 'a.ndjson', '-p', 'faults.yaml', '-o', 'html', ...options]);
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(out)?.[1] ?? '';
    return { out, runs: unpack(json).runs };
  }

  test.each([[[]], [['-j', '2']]])('the faulty value of each finding, and no secret, with %j', async (options) => {
    const { out, runs } = await replayed(...options);
    const marked = (runs[0]?.findings ?? []).map(({ rule, excerpt }) => [
      rule,
      excerpt?.lines[excerpt.marked]?.[1].trim(),
      excerpt?.lines[excerpt.marked]?.[1].slice(excerpt.from, excerpt.to),
    ]);
    expect(marked.toSorted(([one = ''], [other = '']) => one.localeCompare(other))).toEqual([
      ['cel', 'privileged: true', 'true'],
      ['cel', 'hostNetwork: true', 'true'],
      ['container-ports', '- containerPort: 70000', '70000'],
      ['container-resources', '# resources.requests.cpu is not set', '# resources.requests.cpu is not set'],
      ['image-registry', 'image: quay.io/shop/app:1', 'quay.io/shop/app:1'],
      ['pull-secret-usable', '- name: gone', 'gone'],
    ]);
    expect(out).not.toContain(CANARY);
    expect(out).not.toContain('hash-of-the-user');
  });

  test('its Pod, with the pull secret that matches', async () => {
    const { runs } = await replayed();
    expect(runs[0]?.reviews[0]?.pods).toEqual([
      {
        pointer: '/spec',
        node: null,
        hostNetwork: true,
        containers: [
          {
            name: 'app',
            kind: 'regular',
            start: 1,
            ports: ['8080/TCP on host port 8080', '70000/TCP on host port 70000'],
            image: 'quay.io/shop/app:1',
            pointer: '/spec/containers/0/image',
            registry: 'quay.io',
            credential: { state: 'found', secret: 'regcred', user: null },
          },
        ],
      },
    ]);
  });

  test('nothing in other formats', async () => {
    await replayed();
    const { out } = await runCommand(['replay', 'a.ndjson', '-p', 'faults.yaml', '-o', 'json']);
    expect((JSON.parse(out) as ReplayDocument).reviews[0]).not.toHaveProperty('view');
  });
});

function policy(action: string): string {
  return `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: registries}
spec:
  rules:
    - rule: image-registry # ${action}
      action: ${action}
      parameters: {allow: ['registry.example.com/**']}
`;
}

/** Two containers of one Pod are denied: one review with two findings, which occurred four times. */
const RECORDING = [
  recordedReview({ id: 'a-1', review: podReview('shop', ['quay.io/a', 'quay.io/b']) }),
  repeats(3),
  recordedReview({ id: 'a-2', review: podReview('lab', ['quay.io/a', 'registry.example.com/web']) }),
  recordedReview({ id: 'a-3', review: podReview('shop', ['registry.example.com/web']) }),
  { ...repeats(1), of: 'a-3' },
];

function podReview(namespace: string, images: readonly string[]): ReturnType<typeof createReview> {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace }, spec: { containers } });
}

const file = (name: string, ...lines: readonly string[]): { file: string; text: string } => ({
  file: name,
  text: lines.join('\n'),
});

const CHANGES: readonly (readonly [name: string, change: ReturnType<typeof policyChange>, lines: readonly string[]])[] =
  [
    ['equal files', policyChange([file('a/x.yaml', 'a')], [file('b/x.yaml', 'a')]), []],
    [
      'single files with other names',
      policyChange([file('a.yaml', 'a')], [file('b.yaml', 'b')]),
      ['file b.yaml', '- a', '+ b'],
    ],
    [
      'files in directories',
      policyChange([file('a/x.yaml', 'a'), file('a/s/y.yaml', 'b')], [file('b/x.yaml', 'a'), file('b/s/z.yaml', 'c')]),
      ['file s/y.yaml', '- b', 'file s/z.yaml', '+ c'],
    ],
    [
      'lines that move, and lines around them',
      policyChange(
        [file('x', '1', '2', '3', '4', 'a', 'b', 'c', '5', '6', '7', '8')],
        [file('x', '1', '2', '3', '4', 'b', 'c', 'd', '5', '6', '7', '8')],
      ),
      ['file x', '  2', '  3', '  4', '- a', '  b', '  c', '+ d', '  5', '  6', '  7'],
    ],
  ];

describe('the change of policies', () => {
  test.each(CHANGES)('of %s', (_name, change, lines) => {
    expect(change.map(([kind, text]) => `${kind} ${text}`)).toEqual(lines);
  });

  test('is cut after 400 lines, and says so', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `${index}`);
    const change = policyChange([file('x', ...many)], [file('x', ...many.toReversed())]);
    expect([change.length, change.at(-1)]).toEqual([
      401,
      ['file', expect.stringMatching(/^\d+ more lines are not shown$/)],
    ]);
  });
});
