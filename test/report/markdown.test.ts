import fc from 'fast-check';
import { marked } from 'marked';
import { describe, expect, test } from 'vitest';
import { markdownCheck } from '../../src/report/markdown.ts';
import { rowLabel } from '../../src/report/rows.ts';
import { FINDING, hostileReport, reportOf } from './hostile-report.ts';

const options = { policySource: 'built-in', folder: '/repo' };
const NOTICE = { file: 'a.yaml', line: null, column: null, kind: null, name: null, rule: null, message: '' };

describe('the report in Markdown', () => {
  test('has the summary, a row for each error and finding, and the notices', () => {
    const report = reportOf(
      [
        FINDING,
        { ...FINDING, action: 'warn', outcome: 'unknown', message: 'm', remedy: null },
        { ...FINDING, action: 'audit' },
        { ...FINDING, action: 'excused' },
        { ...FINDING, known: true },
      ],
      [{ file: 'b.yaml', line: 3, column: 1, document: 1, message: 'expected an object' }],
    );
    const notices = [{ ...NOTICE, message: '"values.yaml" contains no Kubernetes object' }];
    expect(markdownCheck({ ...report, notices }, options)).toBe(
      `### tidewaiter: 1 file, 1 workload, 5 images: 2 denied, 1 warned, 1 unknown, 1 excused, 1 error (policy: built-in), 1 audited: see -o json

| Result | File | Object | Rule | Message |
|---|---|---|---|---|
| error | b.yaml:3 |  | not evaluated | expected an object |
| deny | deploy/web.yaml:12 | Deployment shop/web &#62; proxy | image-tag | image "envoy" has no tag and defaults to "latest"<br>specify a version, for example :1.27 |
| warn | deploy/web.yaml:12 | Deployment shop/web &#62; proxy | image-tag, unknown | m |

1 notice:

- "values.yaml" contains no Kubernetes object
`,
    );
  });

  test('is one line without findings', () => {
    expect(markdownCheck(reportOf([]), options).split('\n')).toHaveLength(2);
  });

  test('stays below the limit of a job summary, and says what is left out', () => {
    const long = { ...FINDING, message: 'é['.repeat(500) };
    const text = markdownCheck(reportOf(Array.from({ length: 1_000 }, () => long)), options);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000 * 1_024);
    const [, rest] = /^(\d+) more rows, which this report has no space for\.$/m.exec(text) ?? [];
    expect(Number(rest) + [...text.matchAll(/^\| deny/gm)].length).toBe(1_000);
    const many = Array.from({ length: 50 }, () => ({ ...NOTICE, message: 'n' }));
    expect(markdownCheck({ ...reportOf([]), notices: many }, options)).toMatch(
      /\n50 notices:\n\n(?:- n\n){20}- 30 more\n$/,
    );
  });

  test('shows every text as it is, and contains nothing but the table and the list, whatever the input contains', async () => {
    await fc.assert(
      fc.asyncProperty(hostileReport, async (report) => {
        const notices = report.findings.map(({ message }) => ({ ...NOTICE, message }));
        const html = await marked(markdownCheck({ ...report, notices }, options), { gfm: true });
        const tags = new Set([...html.matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag));
        expect([...tags].filter((tag = '') => !TAGS.includes(tag))).toEqual([]);
        const cells = [...html.matchAll(/<td>([^]*?)<\/td>/g)].map(([, cell = '']) => shown(cell));
        const findings = report.findings.filter(({ action }) => action !== 'audit');
        expect(cells).toHaveLength(5 * (report.errors.length + findings.length));
        for (const [index, row] of findings.entries()) {
          const [, , object, , message] = cells.slice(5 * (report.errors.length + index));
          expect(object).toBe(plain(rowLabel(row)));
          expect(message).toBe(plain(row.message) + plain(row.remedy ?? ''));
        }
        const items = [...html.matchAll(/<li>([^]*?)<\/li>/g)].map(([, item = '']) => shown(item));
        expect(items).toEqual(notices.map(({ message }) => plain(message)));
      }),
    );
  });
});

const TAGS = ['h3', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'br', 'p', 'ul', 'li'];

/** The text of HTML without elements other than line breaks. */
function shown(html: string): string {
  return html
    .replaceAll('<br>', '')
    .replaceAll(/&(?:#(\d+)|quot|lt|gt|amp);/g, (found, code: string | undefined) =>
      code === undefined ? (NAMED[found] ?? found) : String.fromCodePoint(Number(code)),
    )
    .trim();
}

const NAMED: Readonly<Record<string, string>> = { '&quot;': '"', '&lt;': '<', '&gt;': '>', '&amp;': '&' };

function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .toWellFormed()
    .trim();
}
