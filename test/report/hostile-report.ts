/** Reports of `check` as data: one with everything in it, and ones with the strings that break formats. */
import fc from 'fast-check';
import type { CheckReport } from '../../src/report/check.ts';
import type { FindingRow } from '../../src/report/rows.ts';

export const FINDING: FindingRow = {
  file: 'deploy/web.yaml',
  line: 12,
  column: 16,
  document: 1,
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  container: 'proxy',
  containerKind: 'regular',
  pointer: '/spec/template/spec/containers/1/image',
  image: 'envoy',
  policy: 'baseline',
  rule: 'image-tag',
  action: 'deny',
  outcome: 'violation',
  existing: false,
  message: 'image "envoy" has no tag and defaults to "latest"',
  remedy: 'specify a version, for example :1.27',
  exception: null,
  fingerprint: `${'0'.repeat(32)}:1`,
  known: false,
};

export function reportOf(findings: readonly FindingRow[], errors: CheckReport['errors'] = []): CheckReport {
  const images = findings.map(({ file, line, column, document, apiVersion, kind, namespace, name, ...rest }) => {
    const { container, pointer, image } = rest;
    return { file, line, column, document, apiVersion, kind, namespace, name, container, pointer, image: image ?? '' };
  });
  const having = (action: FindingRow['action']): number => findings.filter((row) => row.action === action).length;
  return {
    version: 1,
    summary: {
      files: 1,
      documents: 1,
      workloads: 1,
      evaluated: 1,
      images: images.length,
      denied: having('deny'),
      warned: having('warn'),
      unknown: findings.filter(({ outcome }) => outcome !== 'violation').length,
      excused: having('excused'),
      known: 0,
      errors: errors.length,
    },
    images,
    findings,
    errors,
    notices: [],
  };
}

const BREAKERS = [
  ']]>',
  ']]>]]>',
  '<![CDATA[',
  '<',
  '&',
  '"',
  "'",
  '%',
  '%0A',
  '\n',
  '\r\n',
  '\n::error::x',
  '::',
  ':',
  ',',
  '##[error]',
  '\u0000',
  '\u001B[2J',
  '\u0085',
  '\u2028',
  '\uD800',
  '\uDC00',
  '\uFFFE',
  '\uFFFF',
  '😀',
  '[a](http://b)',
  '{0}',
  '\\',
  '/',
  '..',
  ' ',
  'SARIF_BUILDER_INVALID',
  '__proto__',
  '.constructor',
];

const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...BREAKERS), fc.string({ unit: 'binary', maxLength: 3 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

const row: fc.Arbitrary<FindingRow> = fc.record({
  file: hostileText,
  line: fc.integer({ min: 1, max: 9 }),
  column: fc.integer({ min: 1, max: 9 }),
  document: fc.integer({ min: 1, max: 2 }),
  apiVersion: hostileText,
  kind: hostileText,
  namespace: fc.option(hostileText),
  name: hostileText,
  container: fc.option(hostileText),
  containerKind: fc.constant('regular'),
  pointer: hostileText,
  image: fc.option(hostileText),
  policy: hostileText,
  rule: fc.oneof(fc.constant('image-tag'), hostileText),
  action: fc.constantFrom('deny', 'warn', 'audit'),
  outcome: fc.constantFrom('violation', 'unknown', 'error'),
  existing: fc.boolean(),
  message: hostileText,
  remedy: fc.option(hostileText),
  exception: fc.constant(null),
  fingerprint: fc.constant(`${'0'.repeat(32)}:1`),
  known: fc.constant(false),
});

const error = fc.record({
  file: hostileText,
  line: fc.option(fc.integer({ min: 1, max: 9 })),
  column: fc.constant(null),
  document: fc.constant(null),
  message: hostileText,
});

/** Not what the engine would say, which quotes values and keeps to one line: what a format has to bear all the same. */
export const hostileReport: fc.Arbitrary<CheckReport> = fc
  .record({ findings: fc.array(row, { maxLength: 4 }), errors: fc.array(error, { maxLength: 2 }) })
  .map(({ findings, errors }) => reportOf(findings, errors));
