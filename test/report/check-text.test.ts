/** The text of `check` in pipes and terminals: what is shown, how it is grouped, and that it fits. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { CheckReport, ErrorRow } from '../../src/report/check.ts';
import { prettyCheck } from '../../src/report/check-text.ts';
import type { CheckView } from '../../src/report/check-view.ts';
import { displayWidth } from '../../src/report/display-width.ts';
import { paint } from '../../src/report/paint.ts';
import type { FindingRow } from '../../src/report/rows.ts';

const LONG = 'us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/frontend:v0.10.6';

function row(more: Partial<FindingRow>): FindingRow {
  return {
    file: 'deploy/web.yaml',
    line: 7,
    column: 14,
    document: 1,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    container: 'web',
    containerKind: 'regular',
    pointer: '/spec/template/spec/containers/0/image',
    image: 'nginx',
    policy: 'baseline',
    rule: 'image-tag',
    action: 'deny',
    outcome: 'violation',
    existing: false,
    message: 'image "nginx" has no tag and defaults to "latest"',
    remedy: 'specify a version, for example :1.27',
    exception: null,
    fingerprint: `${'0'.repeat(32)}:1`,
    known: false,
    ...more,
  };
}

function report(findings: readonly FindingRow[], errors: readonly ErrorRow[] = []): CheckReport {
  const summary = { files: 1, documents: 1, workloads: 1, evaluated: 1, images: 1, denied: 1, warned: 0 };
  return {
    version: 1,
    summary: { ...summary, unknown: 0, excused: 0, known: 0, errors: errors.length },
    images: [],
    findings,
    errors,
    notices: [],
  };
}

const text = (findings: readonly FindingRow[], view: CheckView = {}, errors: readonly ErrorRow[] = []): string =>
  prettyCheck(report(findings, errors), 'built-in', paint(false), view);

const DIGEST = { rule: 'image-digest', action: 'warn', message: `image "${LONG}" has no digest` } as const;
const MANY = Array.from({ length: 60 }, (_, index) =>
  row({ name: `web-${index % 20}`, file: `deploy/${index % 30}.yaml`, ...(index % 3 === 0 ? {} : DIGEST) }),
);

describe('the columns', () => {
  test.each([72, 80, 100, 140, 200])('of a terminal with %i columns hold every line', (columns) => {
    const findings = [row({}), row(DIGEST), row({ name: 'a-long-name-for-a-workload', container: 'a-long-name' })];
    for (const groupBy of ['file', 'workload', 'rule', 'namespace'] as const) {
      const lines = text([...findings, ...MANY], { columns, groupBy, rows: 500 }).split('\n');
      const tooLong = lines.filter((line) => !/^1 file,|^(for|to) /.test(line) && displayWidth(line) > columns);
      expect(tooLong).toEqual([]);
    }
  });

  test('are those of a wide terminal if everything fits', () => {
    expect(text([row({}), row({ rule: 'image-digest', action: 'warn' })], { columns: 140 })).toBe(`deploy/web.yaml
  7:14  deny   image "nginx" has no tag and defaults to "latest"  Deployment shop/web > web  image-tag
  7:14  warn   image "nginx" has no tag and defaults to "latest"  Deployment shop/web > web  image-digest
               specify a version, for example :1.27

1 file, 1 workload, 1 image: 1 denied, 0 warned, 0 unknown (policy: built-in)

for image-tag, see tidewaiter explain rule image-tag
`);
  });

  test('of a narrow terminal have the object below the message', () => {
    expect(text([row({ ...DIGEST, remedy: null })], { columns: 80 })).toContain(`deploy/web.yaml
  7:14  warn   image "us-central1-docker.pkg.dev/online-boutique-ci/
               microservices-demo/frontend:v0.10.6" has no digest
               Deployment shop/web > web  image-digest
`);
  });

  test('of a pipe do not break a message', () => {
    expect(text([row(DIGEST)])).toContain(
      `  7:14  warn   image "${LONG}" has no digest  Deployment shop/web > web  image-digest\n`,
    );
  });
});

describe('the blocks', () => {
  const findings = [
    row({ line: 20, name: 'b', namespace: 'pay' }),
    row({ line: 3 }),
    row({ file: 'other.yaml', ...DIGEST }),
    row({ line: 9, namespace: null, kind: 'Node', container: null }),
  ];
  const errors = [{ file: 'deploy/web.yaml', line: 5, column: 1, document: 1, message: 'not closed' }];
  const headings = (view: CheckView): readonly string[] =>
    text(findings, view, errors)
      .split('\n')
      .filter((line) => /^[^ ]/.test(line) && !line.startsWith('1 file'));

  test.each<readonly [CheckView['groupBy'], readonly string[]]>([
    ['file', ['deploy/web.yaml', 'other.yaml']],
    [
      'workload',
      [
        'Deployment pay/b  deploy/web.yaml',
        'Deployment shop/web',
        'Node web  deploy/web.yaml',
        'cannot be evaluated  deploy/web.yaml',
      ],
    ],
    ['rule', ['image-tag  deploy/web.yaml', 'image-digest  other.yaml', 'cannot be evaluated  deploy/web.yaml']],
    [
      'namespace',
      [
        'Namespace pay  deploy/web.yaml',
        'Namespace shop',
        'without a namespace  deploy/web.yaml',
        'cannot be evaluated  deploy/web.yaml',
      ],
    ],
    ['image', ['"nginx"', 'cannot be evaluated  deploy/web.yaml']],
  ])('by %s', (groupBy, expected) => {
    expect(headings({ groupBy })).toEqual(expected);
  });

  test('have the lines of a file in order, errors included', () => {
    const lines = [...text(findings, {}, errors).matchAll(/^ +(\d+):\d+ /gm)].map(([, line]) => Number(line));
    expect(lines).toEqual([3, 5, 9, 20, 7]);
  });

  test.each<readonly [what: string, view: CheckView, first: string]>([
    ['a pipe, by file', {}, 'deploy/0.yaml'],
    ['a high terminal, by file', { columns: 100, rows: 600 }, 'deploy/0.yaml'],
    ['a terminal that is too small, by workload', { columns: 100, rows: 59 }, 'Deployment shop/web-0'],
    ['a terminal, as given', { columns: 100, rows: 10, groupBy: 'rule' }, 'image-tag'],
  ])('of %s', (_what, view, first) => {
    expect(text(MANY, view).split('\n')[0]).toBe(first);
  });
});

describe('the layout', () => {
  const LONG_NAME = row({ file: 'b.yaml', namespace: 'storefront-production', name: 'recommendation-service-canary' });

  test.each([
    ['of a block that needs it', 100, true],
    ['of a wide terminal', 160, false],
  ])('is the same in all blocks: %s', (_what, columns, isStacked) => {
    const lines = text([row({}), LONG_NAME], { columns, rows: 100 }).split('\n');
    const objects = lines.filter((line) => line.includes('Deployment '));
    expect(objects).toHaveLength(2);
    for (const line of objects) expect(line.startsWith('   ')).toBe(isStacked);
  });

  test.each([60, 80, 100])('breaks the summary at %i columns', (columns) => {
    const counts = { ...report([row({})]) };
    const summary = {
      ...counts.summary,
      files: 1200,
      workloads: 1100,
      images: 3400,
      denied: 120,
      warned: 1300,
      known: 7,
    };
    for (const colors of [false, true]) {
      const shown = prettyCheck({ ...counts, summary }, 'policies/production', paint(colors), { columns, rows: 100 });
      const plain = stripVTControlCharacters(shown);
      expect(plain.replaceAll('\n', ' ')).toContain(
        '1200 files, 1100 workloads, 3400 images: 120 denied, 1300 warned, 0 unknown, 7 known (policy: policies/production)',
      );
      for (const line of plain.slice(plain.indexOf('1200 files')).split('\n'))
        expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  });
});

describe('totals', () => {
  test('are in a result that is longer than a screen', () => {
    expect(text(MANY, { columns: 100, rows: 59 })).toContain(`by rule        denied  warned
image-digest        0      40
image-tag          20       0

by file
deploy/0.yaml       2       0
deploy/1.yaml       0       2
`);
    expect(text(MANY, { columns: 100, rows: 59 })).toContain('\nand 20 more files\n');
  });

  test.each<readonly [what: string, findings: number, view: CheckView, is: boolean]>([
    ['a screen of lines', 10, { columns: 80, rows: 60 }, false],
    ['fewer findings than a screen has lines, but more lines', 10, { columns: 80, rows: 40 }, true],
    ['a pipe, few', 10, {}, false],
    ['a pipe, many', 30, {}, true],
  ])('%s', (_what, findings, view, is) => {
    expect(text(MANY.slice(0, findings), view).includes('\nby rule')).toBe(is);
  });

  test('are in each result whose text without them does not fit', () => {
    for (let findings = 1; findings < 40; findings += 1) {
      const whole = text(MANY.slice(0, findings), { columns: 100, rows: 10_000 });
      const [body = ''] = whole.split('1 file, 1 workload');
      const rows = body.split('\n').length - 1;
      const isLong = (height: number): boolean =>
        text(MANY.slice(0, findings), { columns: 100, rows: height }).includes('\nby rule');
      expect([isLong(rows), isLong(rows - 1)]).toEqual([false, true]);
    }
  });

  test('print each remedy of a rule once', () => {
    const long = text(MANY, { columns: 100, rows: 59 });
    expect(long.match(/specify a version/g)).toHaveLength(2);
    expect(text(MANY).match(/specify a version/g)?.length).toBeGreaterThan(20);
  });
});

describe('the last lines', () => {
  const hints = ['to write a policy, run x'];
  test.each<readonly [what: string, findings: readonly FindingRow[], view: CheckView, last: string]>([
    [
      'the most frequent rule',
      [row({}), ...[1, 2].map(() => row(DIGEST))],
      { columns: 80 },
      'for image-digest, see tidewaiter explain rule image-digest',
    ],
    ['the hint of the first run', [row({})], { columns: 80, hints }, 'to write a policy, run x'],
    ['nothing found', [], { columns: 80, hints }, 'to write a policy, run x'],
    ['a pipe', [row({})], { hints }, '1 file, 1 workload, 1 image: 1 denied, 0 warned, 0 unknown (policy: built-in)'],
    ['many in a pipe', MANY, {}, 'for image-digest, see tidewaiter explain rule image-digest'],
  ])('%s', (_what, findings, view, last) => {
    expect(text(findings, view).trimEnd().split('\n').at(-1)).toBe(last);
  });
});

test('without a workload, no policy is suggested', () => {
  const empty = report([]);
  const view = { columns: 80, hints: ['to write a policy, run x'] };
  const shown = prettyCheck({ ...empty, summary: { ...empty.summary, workloads: 0 } }, 'built-in', paint(false), view);
  expect(shown).not.toContain('to write a policy');
});

test('a group with several files has the findings below the file', () => {
  const findings = [row({}), row({ file: 'other.yaml', line: 12, ...DIGEST, message: 'image "a" has no digest' })];
  for (const columns of [undefined, 60, 140]) {
    const lines = text(findings, { groupBy: 'namespace', columns, rows: 500 }).split('\n');
    expect(
      lines.filter((line) => /^ *(?:\d+:\d+|deploy|other|Namespace)/.test(line)).map((line) => line.slice(0, 15)),
    ).toEqual(['Namespace shop', '  deploy/web.ya', '     7:14  deny', '  other.yaml', '    12:14  warn']);
  }
});

describe('source lines', () => {
  const textOf = (): string => `${Array.from({ length: 9 }, (_, index) => `a${index + 1}: b`).join('\n')}\n`;
  const around = (findings: number, view: CheckView): number =>
    text(
      Array.from({ length: findings }, (_, index) => row({ line: 1 + (index % 9) })),
      { textOf, ...view },
    ).match(/\^/g)?.length ?? 0;

  test.each<readonly [what: string, findings: number, view: CheckView, isShown: boolean]>([
    ['few in a terminal', 10, { columns: 80 }, true],
    ['more in a terminal', 11, { columns: 80 }, false],
    ['a pipe', 1, {}, false],
    ['a pipe, if required', 11, { sourceLines: 2 }, true],
    ['a terminal without', 1, { columns: 80, sourceLines: 0 }, false],
    ['a file that cannot be read', 1, { columns: 80, textOf: () => undefined }, false],
  ])('%s', (_what, findings, view, isShown) => {
    expect(around(findings, view) > 0).toBe(isShown);
  });

  test('are shown for an input that cannot be parsed', () => {
    const errors = [{ file: 'a.yaml', line: 3, column: 6, document: 1, message: 'not closed' }];
    expect(text([], { columns: 80, textOf }, errors)).toContain(
      '  3:6  error  not closed\n\n    2 │ a2: …\n    3 │ a3: …\n      │      ^\n    4 │ a4: …\n',
    );
  });

  test('are limited to 200 places, and say so', () => {
    const findings = Array.from({ length: 300 }, (_, index) => row({ line: 1 + (index % 9), column: 1 + index }));
    const out = text(findings, { textOf, sourceLines: 1 });
    expect(out.match(/^ *│ +\^/gm)).toHaveLength(200);
    expect(out).toContain('source lines are shown for the first 200 places\n');
  });

  test('are shown once for findings of one place', () => {
    expect(
      text([row({ line: 2 }), row({ line: 2, ...DIGEST })], { columns: 140, textOf }).match(/│ a2: /g),
    ).toHaveLength(1);
  });
});

test('links lead from the names of files', () => {
  const link = (file: string, shown: string): string => `<${file}|${shown}>`;
  expect(text([row({}), row({ file: 'stdin' })], { columns: 80, link })).toMatch(
    /^<deploy\/web\.yaml\|deploy\/web\.yaml>\n[^]*^stdin\n/m,
  );
});
