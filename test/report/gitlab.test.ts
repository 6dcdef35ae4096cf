import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gitlabCheck } from '../../src/report/gitlab.ts';
import { FINDING, hostileReport, reportOf } from './hostile-report.ts';

const text = { type: 'string', minLength: 1 };

/** What GitLab's parser and its documentation require of a Code Quality report. */
const validate = new Ajv2020().compile({
  type: 'array',
  items: {
    type: 'object',
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    properties: {
      description: text,
      check_name: { type: 'string' },
      fingerprint: text,
      severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        required: ['path', 'lines'],
        properties: {
          path: text,
          lines: { type: 'object', required: ['begin'], properties: { begin: { type: 'integer', minimum: 1 } } },
        },
      },
    },
  },
});

const ERROR = { file: 'b.yaml', line: null, column: null, document: null, message: 'expected an object' };
const ISSUE = {
  description:
    'Deployment shop/web > proxy: image "envoy" has no tag and defaults to "latest" [baseline/image-tag]; specify a version, for example :1.27',
  check_name: 'image-tag',
  fingerprint: FINDING.fingerprint,
  severity: 'major',
  location: { path: 'deploy/web.yaml', lines: { begin: 12 } },
};

describe('the Code Quality report for GitLab', () => {
  test('has an entry for each finding that is neither excused nor known, and for each error', () => {
    const report = reportOf(
      [
        FINDING,
        { ...FINDING, action: 'warn', remedy: null, message: 'm', file: '/repo/deploy/web.yaml' },
        { ...FINDING, action: 'audit', file: 'stdin' },
        { ...FINDING, action: 'excused' },
        { ...FINDING, known: true },
      ],
      [ERROR],
    );
    const [error, ...issues] = JSON.parse(gitlabCheck(report, '/repo')) as readonly object[];
    expect(error).toEqual({
      description: 'not evaluated: expected an object',
      check_name: 'not-evaluated',
      fingerprint: expect.stringMatching(/^[\da-f]{32}$/),
      severity: 'blocker',
      location: { path: 'b.yaml', lines: { begin: 1 } },
    });
    expect(issues).toEqual([
      ISSUE,
      { ...ISSUE, severity: 'minor', description: 'Deployment shop/web > proxy: m [baseline/image-tag]' },
      {
        ...ISSUE,
        severity: 'info',
        description: expect.any(String),
        location: { path: 'stdin', lines: { begin: 12 } },
      },
    ]);
  });

  test('is an empty array without findings', () => expect(gitlabCheck(reportOf([]), '/repo')).toBe('[]\n'));

  test('is valid and one line per text, whatever the input contains', () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const issues = JSON.parse(gitlabCheck(report, '/repo')) as readonly (typeof ISSUE)[];
        expect(validate(issues), JSON.stringify(validate.errors)).toBe(true);
        expect(issues).toHaveLength(report.errors.length + report.findings.length);
        for (const { description } of issues) {
          expect(description).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
          expect(description.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
