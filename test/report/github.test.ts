import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { githubCheck } from '../../src/report/github.ts';
import { FINDING, hostileReport, reportOf } from './hostile-report.ts';

const options = { policySource: 'built-in', folder: '/repo' };

describe('annotations for GitHub', () => {
  test('have the level, the place, the rule, the whole sentence and the remedy; what is audited is only counted', () => {
    const report = reportOf(
      [
        FINDING,
        { ...FINDING, action: 'warn', outcome: 'unknown', message: 'could not tell', remedy: null },
        { ...FINDING, action: 'audit', rule: 'image-digest' },
      ],
      [{ file: 'b.yaml', line: 3, column: 1, document: 1, message: 'expected an object' }],
    );
    expect(githubCheck(report, options)).toBe(
      `::error file=b.yaml,line=3,col=1,title=not evaluated::expected an object
::error file=deploy/web.yaml,line=12,col=16,title=image-tag::Deployment shop/web > proxy: image "envoy" has no tag and defaults to "latest" [baseline/image-tag]%0Aspecify a version, for example :1.27
::warning file=deploy/web.yaml,line=12,col=16,title=image-tag::Deployment shop/web > proxy: could not tell [baseline/image-tag, unknown -> warn]
1 file, 1 workload, 3 images: 1 denied, 1 warned, 1 unknown, 1 error (policy: built-in), 1 audited: see -o json
`,
    );
  });

  test.each<readonly [errors: number, warnings: number, rest: string | undefined]>([
    [10, 10, undefined],
    [11, 0, '1 more finding'],
    [0, 12, '2 more findings'],
    [30, 20, '30 more findings'],
  ])('of %i errors and %i warnings say how many GitHub leaves out', (errors, warnings, rest) => {
    const rows = [
      ...Array.from({ length: errors }, () => FINDING),
      ...Array.from({ length: warnings }, () => ({ ...FINDING, action: 'warn' as const })),
    ];
    const notices = githubCheck(reportOf(rows), options).match(/^::notice .*$/gm);
    const limit = 'GitHub shows at most 10 errors and 10 warnings of a step';
    const text = `::notice title=tidewaiter::${rest} in the log of this step: ${limit}`;
    expect(notices).toEqual(rest === undefined ? null : [text]);
  });

  test.each([
    ['deploy/../a.yaml', 'file=a.yaml,'],
    ['/repo/deploy/a.yaml', 'file=deploy/a.yaml,'],
    ['/elsewhere/a.yaml', 'file=/elsewhere/a.yaml,'],
    ['../a.yaml', 'file=/a.yaml,'],
    ['..a/b.yaml', 'file=..a/b.yaml,'],
    ['a b%:,\n.yaml', 'file=a b%25%3A%2C%0A.yaml,'],
    ['stdin', 'title='],
  ])('name the file %j as %j', (file, expected) => {
    const [line = ''] = githubCheck(reportOf([{ ...FINDING, file }]), options).split('\n');
    expect(line.slice('::error '.length).startsWith(expected)).toBe(true);
  });

  test('give a file that could not be read no line', () => {
    const report = reportOf(
      [],
      [{ file: 'a.yaml', line: null, column: null, document: null, message: 'no such file' }],
    );
    expect(githubCheck(report, options)).toMatch(/^::error file=a\.yaml,title=not evaluated::no such file\n/);
  });

  test('are one line each, whose properties and text decode to what they were, whatever stands in them', () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const lines = githubCheck(report, { ...options, policySource: 'p\n::error::x' }).split(/\r\n|\r|\n/);
        const shown = report.findings.filter(({ action }) => action !== 'audit');
        expect(lines.at(-1)).toBe('');
        expect(lines).toHaveLength(report.errors.length + shown.length + 2);
        for (const [index, line] of lines.slice(0, -2).entries()) {
          const row = [...report.errors, ...shown][index];
          const { properties, text } = readCommand(line);
          expect(text).toContain(row?.message);
          if (row?.file !== 'stdin') expect(properties.get('file')).toBe(fileOf(row?.file ?? ''));
          expect([...properties.keys()].filter((key) => !['file', 'line', 'col', 'title'].includes(key))).toEqual([]);
        }
        expect(lines.at(-2)).toMatch(/^\d+ file/);
      }),
    );
  });
});

function fileOf(file: string): string {
  const absolute = path.resolve('/repo', file);
  if (absolute === '/repo') return '.';
  return absolute.startsWith('/repo/') ? absolute.slice('/repo/'.length) : absolute;
}

/** As the runner reads a line: the first "::" after the command ends the properties. */
function readCommand(line: string): { properties: ReadonlyMap<string, string>; text: string } {
  const [, given = '', data = ''] = /^::(?:error|warning) (.*?)::(.*)$/su.exec(line) ?? [];
  const decode = (text: string): string =>
    text
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%25', '%');
  const properties = given.split(',').map((property): [string, string] => {
    const equals = property.indexOf('=');
    return [property.slice(0, equals), decode(property.slice(equals + 1))];
  });
  return { properties: new Map(properties), text: decode(data) };
}
