import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/policy/rules/index.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { sarifCheck } from '../../src/report/sarif.ts';
import { FINDING, hostileReport, reportOf } from './hostile-report.ts';

const SCHEMA = path.join(import.meta.dirname, '../fixtures/sarif/sarif-2.1.0-rtm.5.json');
const options = { rules: RULES, version: '1.2.3', folder: '/repo' };

/** RFC 3986: only its characters, and "%" only before two digits. */
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;

/**
 * The schema is of draft 4, of which it uses nothing but `id` that later drafts do not have; its patterns are not for
 * Unicode mode.
 */
function officialSchema(): (value: unknown) => readonly string[] {
  const { id: _id, $schema: _draft, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv2020({ allErrors: true, strict: false, unicodeRegExp: false });
  ajv.addFormat('uri-reference', URI_REFERENCE);
  ajv.addFormat('uri', (text) => URL.canParse(text));
  ajv.addFormat('date-time', () => false);
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const faultsOf = officialSchema();

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly kind: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string } };
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly Record<string, unknown>[] } };
  readonly results: readonly Result[];
  readonly artifacts: readonly unknown[];
  readonly invocations: readonly unknown[];
}

function runOf(report: CheckReport): Run {
  const log = JSON.parse(sarifCheck(report, options)) as { runs: readonly [Run] };
  expect(faultsOf(log)).toEqual([]);
  return log.runs[0];
}

describe('SARIF', () => {
  test('of a finding has rule, level, sentence with remedy, place, object and fingerprint', () => {
    const { results, artifacts, invocations, tool } = runOf(reportOf([FINDING]));
    expect(results).toEqual([
      {
        ruleId: 'image-tag',
        ruleIndex: RULES.findIndex(({ name }) => name === 'image-tag'),
        kind: 'fail',
        level: 'error',
        message: {
          text: 'Deployment shop/web > proxy: image "envoy" has no tag and defaults to "latest" [baseline/image-tag]\nspecify a version, for example :1.27',
        },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'deploy/web.yaml', uriBaseId: '%SRCROOT%', index: 0 },
              region: { startLine: 12, startColumn: 16 },
            },
            logicalLocations: [{ name: 'proxy', kind: 'resource', fullyQualifiedName: 'Deployment shop/web > proxy' }],
          },
        ],
        partialFingerprints: { 'tidewaiter/v2': FINDING.fingerprint },
        properties: {
          policy: 'baseline',
          action: 'deny',
          outcome: 'violation',
          existing: false,
          kind: 'Deployment',
          namespace: 'shop',
          name: 'web',
          container: 'proxy',
          image: 'envoy',
          pointer: '/spec/template/spec/containers/1/image',
          remedy: 'specify a version, for example :1.27',
        },
      },
    ]);
    expect(artifacts).toEqual([{ location: { uri: 'deploy/web.yaml', uriBaseId: '%SRCROOT%' } }]);
    expect(invocations).toEqual([{ executionSuccessful: true, toolExecutionNotifications: [] }]);
    expect(tool.driver).toMatchObject({ name: 'tidewaiter', version: '1.2.3' });
  });

  test('describes every rule, with help as text and as Markdown', () => {
    const { rules } = runOf(reportOf([])).tool.driver;
    expect(rules.map(({ id }) => id)).toEqual(RULES.map(({ name }) => name));
    for (const [index, rule] of rules.entries()) {
      expect(rule).toMatchObject({
        shortDescription: { text: RULES[index]?.description },
        fullDescription: { text: RULES[index]?.docs?.why },
        defaultConfiguration: { level: 'error' },
        help: { text: expect.stringContaining('How to fix'), markdown: expect.stringContaining('```yaml') },
      });
    }
  });

  test('has an entry for a rule without a description', () => {
    const { results, tool } = runOf(reportOf([{ ...FINDING, rule: 'our-own' }]));
    expect(tool.driver.rules[results[0]?.ruleIndex ?? -1]).toEqual({
      id: 'our-own',
      shortDescription: { text: 'our-own' },
    });
  });

  test.each([
    [{ action: 'deny' }, 'error', '[baseline/image-tag]'],
    [{ action: 'warn' }, 'warning', '[baseline/image-tag]'],
    [{ action: 'audit' }, 'note', '[baseline/image-tag]'],
    [{ action: 'deny', outcome: 'unknown' }, 'error', '[baseline/image-tag, unknown -> deny]'],
    [{ action: 'warn', outcome: 'error' }, 'warning', '[baseline/image-tag, unknown -> warn]'],
    [{ action: 'warn', existing: true }, 'warning', '(existing before this update) [baseline/image-tag]'],
  ] as const)('of %j has the level %s', (change, level, message) => {
    const [result] = runOf(reportOf([{ ...FINDING, ...change }])).results;
    expect(result).toMatchObject({ level, kind: 'fail', properties: change });
    expect(result?.message.text).toContain(message);
  });

  test('says of what could not be judged that the run was no success, and why and where', () => {
    const { invocations, results } = runOf(
      reportOf(
        [],
        [
          { file: 'a b.yaml', line: 3, column: 7, document: 1, message: 'expected an object' },
          { file: 'gone', line: null, column: null, document: null, message: 'no such file or directory' },
        ],
      ),
    );
    expect(results).toEqual([]);
    expect(invocations).toEqual([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [
          {
            level: 'error',
            message: { text: 'expected an object' },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'a%20b.yaml', uriBaseId: '%SRCROOT%' },
                  region: { startLine: 3, startColumn: 7 },
                },
              },
            ],
          },
          {
            level: 'error',
            message: { text: 'no such file or directory' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'gone', uriBaseId: '%SRCROOT%' } } }],
          },
        ],
      },
    ]);
  });

  test.each([
    ['deploy/a b.yaml', 'deploy/a%20b.yaml', '%SRCROOT%'],
    ['./deploy/../a.yaml', 'a.yaml', '%SRCROOT%'],
    ['/repo/x/a.yaml', 'x/a.yaml', '%SRCROOT%'],
    ['c:d?e#f%.yaml', 'c%3Ad%3Fe%23f%25.yaml', '%SRCROOT%'],
    ['a<b>|"*\\.yaml', 'a%3Cb%3E%7C%22*%5C.yaml', '%SRCROOT%'],
    ['ü/😀.yaml', '%C3%BC/%F0%9F%98%80.yaml', '%SRCROOT%'],
    ['..a/b.yaml', '..a/b.yaml', '%SRCROOT%'],
    ['.', '.', '%SRCROOT%'],
    ['../a b.yaml', 'file:///a%20b.yaml', undefined],
    ['/elsewhere/a.yaml', 'file:///elsewhere/a.yaml', undefined],
    ['stdin', 'stdin', undefined],
  ])('names the file %j as the URI %j', (file, uri, base) => {
    const { results, artifacts } = runOf(reportOf([{ ...FINDING, file }]));
    const found = results[0]?.locations[0]?.physicalLocation.artifactLocation;
    expect([found?.uri, found?.uriBaseId, artifacts.length]).toEqual([uri, base, 1]);
  });

  test('has one entry for rules that differ only in half characters, which SARIF cannot contain', () => {
    const { results, tool } = runOf(reportOf(['\uD800', '\uD801'].map((rule) => ({ ...FINDING, rule }))));
    expect(results.map(({ ruleIndex }) => tool.driver.rules[ruleIndex ?? -1]?.id)).toEqual(['\uFFFD', '\uFFFD']);
  });

  test('has the state of each result if there is a baseline', () => {
    const { results } = runOf(reportOf([FINDING, { ...FINDING, known: true }]));
    expect(results).toMatchObject([{ baselineState: 'new' }, { baselineState: 'unchanged' }]);
    expect(runOf(reportOf([FINDING])).results[0]).not.toHaveProperty('baselineState');
  });

  test('makes no link of what somebody wrote', () => {
    const [result] = runOf(reportOf([{ ...FINDING, message: 'image "[a](http://evil.io)" is bad' }])).results;
    expect(result?.message.text).toContain('image "[a] (http://evil.io)" is bad');
  });

  test('is valid whatever stands in it, and says everything once', () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const { results, artifacts } = runOf(report);
        expect(results.map(({ level }) => level)).toHaveLength(report.findings.length);
        expect(artifacts.length).toBeLessThanOrEqual(report.findings.length + report.errors.length);
        for (const { artifactLocation } of results.flatMap(({ locations }) =>
          locations.map((at) => at.physicalLocation),
        )) {
          expect(artifactLocation.uri).toMatch(URI_REFERENCE);
        }
      }),
    );
  });
});
