/** HTML reports to look at: of a small set of invented manifests, of many findings, and of a replay with times. */
import type {
  ContainerPicture,
  ReportData,
  ReportFinding,
  ReportOrigin,
  Review,
  Run,
} from '../../../src/report/html/report-data.ts';
import { htmlReport } from '../../../src/report/html/document.ts';

const RULES = ['image-tag', 'image-registry', 'image-digest', 'container-ports', 'pull-secret-coverage'] as const;
const OWNERS = ['team-a', 'team-b', 'team-c', null] as const;

export const FINDING: ReportFinding = {
  id: 'f0',
  review: 0,
  container: 'app',
  containerKind: 'regular',
  image: 'registry.example.com/shop/web:1',
  registry: 'registry.example.com',
  pointer: '/spec/containers/0/image',
  policy: 'baseline',
  rule: 'image-tag',
  outcome: 'violation',
  message: 'image "registry.example.com/shop/web:1" has no digest',
  remedy: 'pin it',
  exception: null,
  before: null,
  after: 'deny',
  file: 'deploy/web.yaml',
  line: 7,
  column: 12,
  excerpt: {
    lines: [
      [4, 'spec:'],
      [5, '  containers:'],
      [6, '    - name: app'],
      [7, '      image: registry.example.com/shop/web:1'],
    ],
    marked: 3,
    from: 13,
    to: 44,
  },
};

export const REVIEW: Review = {
  apiVersion: 'v1',
  kind: 'Pod',
  namespace: 'shop',
  name: 'web',
  owner: null,
  operation: null,
  object: null,
  user: null,
  count: 1,
  first: null,
  last: null,
  times: [],
  change: null,
  before: null,
  after: 'deny',
  pods: [
    {
      pointer: '/spec',
      node: null,
      hostNetwork: false,
      containers: [
        {
          name: 'app',
          kind: 'regular',
          start: 1,
          ports: ['80/TCP'],
          image: 'registry.example.com/shop/web:1',
          pointer: '/spec/containers/0/image',
          registry: 'registry.example.com',
          credential: { state: 'found', secret: 'regcred', user: 'ci' },
        },
      ],
    },
  ],
};

export const RUN: Run = {
  kind: 'check',
  id: 'check',
  title: 'Check',
  subject: 'deploy/',
  policies: 'policies/',
  verdict: [['Applying '], ['deploy/', 'code'], [' would be denied for '], ['1 of 1 workload', 'bad'], ['.']],
  because: [],
  totals: { files: 1, objects: 1, distinct: 1, images: 1, changes: null },
  timeline: null,
  share: null,
  policyChange: [],
  helps: [],
  agreement: null,
  reviews: [REVIEW],
  findings: [FINDING],
  errors: [],
  notices: [],
};

export const AGREEMENT: NonNullable<Run['agreement']> = {
  counts: [
    [1200, 'allowed by both'],
    [12, 'denied by both'],
    [3, 'denied only by the other policies'],
  ],
  pairs: Array.from({ length: 12 }, (_, index) => ({
    peer: index === 0 ? null : `kyverno/disallow-latest-tag-in-all-namespaces/require-image-tag-${index}`,
    rule: index === 1 ? null : 'baseline/image-tag',
    reviews: 12 - index,
  })),
};

export const ORIGIN: ReportOrigin = {
  command: 'tidewaiter check deploy/ -o html',
  policyPlaces: { 'baseline/image-registry': 'policies/base.yaml:9' },
  linkBase: 'https://github.com/example/deploy/blob/4f1c2ab',
};

export function reportOf(...runs: readonly Partial<Run>[]): string {
  return reportFrom(ORIGIN, ...runs);
}

export function reportFrom(origin: ReportOrigin, ...runs: readonly Partial<Run>[]): string {
  const rules = Object.fromEntries(RULES.map((rule) => [rule, { description: `About ${rule}`, why: `Why ${rule}` }]));
  const data: ReportData = {
    version: 1,
    tool: 'tidewaiter 0.0.0',
    created: '2026-11-28T16:40:12.000Z',
    rules,
    origin,
    runs: runs.map((run) => ({ ...RUN, ...run })),
  };
  return htmlReport(data);
}

/** Findings of every rule, owner, and decision, three for each object, with excerpts and Pods of their own. */
export function manyFindings(count: number): Pick<Run, 'findings' | 'reviews' | 'totals'> {
  const findings = Array.from({ length: count }, (_, index): ReportFinding => {
    const image = imageAt(index);
    const line = 10 + 3 * (index % 3);
    return {
      ...FINDING,
      id: `f${index}`,
      review: Math.floor(index / 3),
      container: `c${index % 3}`,
      image,
      registry: `registry-${index % 5}.example.com`,
      pointer: `/spec/containers/${index % 3}/image`,
      rule: RULES[index % RULES.length] ?? '',
      message: `image "${image}" has a problem`,
      after: index % 4 === 0 ? 'deny' : index % 4 === 1 ? 'unknown' : 'warn',
      file: `deploy/service-${Math.floor(index / 3)}.yaml`,
      line,
      excerpt: {
        lines: [
          [7, 'spec:'],
          [8, '  containers:'],
          [line - 1, `    - name: c${index % 3}`],
          [line, `      image: ${image}`],
        ],
        marked: 3,
        from: 13,
        to: 13 + image.length,
      },
    };
  });
  const reviews = Array.from({ length: Math.ceil(count / 3) }, (_, index): Review => ({
    ...REVIEW,
    name: `service-${index}`,
    namespace: `ns-${index % 40}`,
    owner: OWNERS[index % OWNERS.length] ?? null,
    pods: [{ pointer: '/spec', node: null, hostNetwork: false, containers: [0, 1, 2].map(containerAt(index)) }],
  }));
  return { findings, reviews, totals: { ...RUN.totals, objects: reviews.length, files: reviews.length } };
}

function imageAt(index: number): string {
  return `registry-${index % 5}.example.com/shop/service-${index % 997}:1.${index % 50}`;
}

function containerAt(review: number): (index: number) => ContainerPicture {
  return (index) => ({
    name: `c${index}`,
    kind: index === 0 ? 'init' : 'regular',
    start: index + 1,
    ports: [`${8080 + index}/TCP`],
    image: imageAt(3 * review + index),
    pointer: `/spec/containers/${index}/image`,
    registry: `registry-${(3 * review + index) % 5}.example.com`,
    credential: { state: 'found', secret: 'regcred', user: 'ci' },
  });
}

/** Seven days in steps of two hours, with reviews that change. */
export function replayWithTimes(): Run {
  const steps = 84;
  const reviews = Array.from({ length: 12 }, (_, index): Review => ({
    ...REVIEW,
    name: `app-${index}`,
    namespace: index % 2 === 0 ? 'payments' : 'search',
    owner: index % 3 === 0 ? 'team-search' : 'team-payments',
    operation: 'UPDATE',
    object: `Pod ${index % 2 === 0 ? 'payments' : 'search'}/app-${index}`,
    user: 'ci-deployer (ServiceAccount)',
    count: 1 + (index % 3),
    first: `2026-11-2${2 + (index % 6)}T08:10:00Z`,
    last: `2026-11-2${3 + (index % 6)}T10:20:00Z`,
    times: [[5 + 6 * index, 1 + (index % 3)]],
    change: index < 6 ? 'newly-denied' : index < 9 ? 'newly-allowed' : 'changed',
    before: index < 6 ? 'warn' : 'deny',
    after: index < 6 ? 'deny' : index < 9 ? 'none' : 'deny',
  }));
  const findings = reviews.map((review, index): ReportFinding => ({
    ...FINDING,
    id: `r${index}`,
    review: index,
    rule: 'image-registry',
    file: null,
    line: null,
    column: null,
    before: review.before,
    after: index < 9 ? review.after : 'none',
  }));
  const all = Array.from({ length: steps }, (_, step) => (step % 12 > 2 && step % 12 < 9 ? 8 + (step % 7) : 1));
  const objects = all.reduce((sum, each) => sum + each, 0);
  return {
    ...RUN,
    kind: 'replay',
    id: 'replay',
    title: 'Replay',
    policies: 'from policy today/ to tomorrow/',
    verdict: [['The policies would newly deny '], [`12 of ${objects} reviews`, 'bad'], ['.']],
    totals: {
      files: 1,
      objects,
      distinct: 60,
      images: null,
      changes: { 'newly-denied': 12, 'newly-allowed': 6, changed: 6, unknown: 0, same: objects - 24 },
    },
    timeline: { start: '2026-11-22T00:00:00Z', stepMinutes: 120, all },
    share: {
      owner: { 'team-search': objects / 4, 'team-payments': objects / 2 },
      namespace: { payments: 100, search: 50 },
    },
    policyChange: [
      ['file', 'registries.yaml'],
      [' ', '  - rule: image-registry'],
      ['-', '    action: warn'],
      ['+', '    action: deny'],
    ],
    reviews,
    findings,
  };
}
