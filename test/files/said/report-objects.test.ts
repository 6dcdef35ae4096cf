import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addReportFiles } from '../../../src/files/said/report-files.ts';
import { statementsIn } from '../../../src/files/said/report-objects.ts';
import { createSaidBook } from '../../../src/files/said/said-book.ts';
import type { JsonObject } from '../../../src/pod/pointer.ts';
import { POD } from '../../recording/lines.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { CONSTRAINT, OPEN_REPORT, POLICY_REPORT } from './reports.ts';

inOwnFolders('reports');

const ABOUT_POD = { group: '', kind: 'Pod', namespace: 'shop', name: 'web', uid: 'u-1' };

describe('what reports say', () => {
  const cases: readonly (readonly [string, object, unknown])[] = [
    [
      'about their scope (Kyverno since 1.11)',
      POLICY_REPORT,
      [
        {
          about: ABOUT_POD,
          said: {
            by: 'kyverno',
            policy: 'disallow-latest-tag',
            rule: 'require-image-tag',
            result: 'fail',
            message: 'validation error: An image tag is required.',
          },
        },
        {
          about: ABOUT_POD,
          said: { by: 'kyverno', policy: 'disallow-latest-tag', rule: 'validate-image-tag', result: 'pass' },
        },
      ],
    ],
    [
      'about the objects of each result (Kyverno before 1.11, and kyverno apply)',
      OPEN_REPORT,
      [
        {
          about: { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web', uid: undefined },
          said: { by: 'kyverno', policy: 'tags', result: 'fail', message: 'no tag' },
        },
        {
          about: { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'api', uid: undefined },
          said: { by: 'kyverno', policy: 'tags', result: 'fail', message: 'no tag' },
        },
      ],
    ],
    [
      'by other sources',
      {
        ...POLICY_REPORT,
        source: 'Trivy Vulnerability',
        results: [
          { policy: 'a', result: 'warn' },
          { policy: 'b', result: 'skip', source: 'ValidatingAdmissionPolicy' },
        ],
      },
      [
        { about: ABOUT_POD, said: { by: 'Trivy Vulnerability', policy: 'a', result: 'warn' } },
        { about: ABOUT_POD, said: { by: 'validating-admission-policy', policy: 'b', result: 'skip' } },
      ],
    ],
    [
      'in the status of constraints',
      CONSTRAINT,
      [
        {
          about: { group: '', kind: 'Pod', namespace: 'shop', name: 'web', uid: undefined },
          said: {
            by: 'gatekeeper',
            policy: 'repo-is-openpolicyagent',
            rule: 'K8sAllowedRepos',
            result: 'fail',
            action: 'deny',
            message: 'container <web> has an invalid image repo <nginx>',
          },
        },
        {
          about: { group: undefined, kind: 'Deployment', namespace: 'shop', name: 'old' },
          said: { by: 'gatekeeper', result: 'fail', action: 'audit' },
        },
      ],
    ],
    ['in a constraint that was not audited', { ...CONSTRAINT, status: { byPod: [] } }, []],
    [
      'in results without a policy or with another result',
      { ...POLICY_REPORT, results: [{ result: 'fail' }, { policy: 'a', result: 'failed' }, 7] },
      [],
    ],
    ['in a report about nothing', { ...POLICY_REPORT, scope: undefined }, []],
    ['in other objects', { apiVersion: 'v1', kind: 'Pod' }, undefined],
    ['in other kinds of the group', { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'Other' }, undefined],
  ];

  test.each(cases)('is read: %s', (_name, object, expected) => {
    const found = statementsIn(object as JsonObject);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected as object);
    expect(found?.length).toBe((expected as readonly unknown[] | undefined)?.length);
  });

  test('is read without an error, whatever it contains', () => {
    const keys = fc.constantFrom('results', 'scope', 'status', 'metadata', 'source');
    fc.assert(
      fc.property(fc.constantFrom(POLICY_REPORT, CONSTRAINT), fc.dictionary(keys, fc.anything()), (report, rest) => {
        expect(statementsIn({ ...report, ...rest })).toBeInstanceOf(Array);
      }),
    );
  });
});

describe('what was said about an object', () => {
  const book = createSaidBook();
  for (const report of [POLICY_REPORT, OPEN_REPORT, CONSTRAINT]) book.add(report);
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  const cases: readonly (readonly [string, JsonObject, string | undefined, string | undefined, number])[] = [
    ['a Pod by its name', POD, 'shop', undefined, 3],
    ['a Pod by its UID', POD, 'shop', 'u-1', 3],
    ['a later Pod of the same name: only what names no UID', POD, 'shop', 'u-2', 1],
    ['another namespace', POD, 'pay', undefined, 0],
    ['a Deployment', deployment, 'shop', undefined, 1],
    ['the same kind of another group', { ...deployment, apiVersion: 'example.com/v1' }, 'shop', undefined, 0],
    ['an object without a name', { ...POD, metadata: {} }, 'shop', undefined, 0],
  ];

  test.each(cases)('is found: %s', (_name, object, namespace, uid, count) => {
    expect(book.about(object, namespace, uid)).toHaveLength(count);
  });

  test('is bounded, and the rest is counted', () => {
    const small = createSaidBook(3);
    for (let index = 0; index < 5; index += 1) small.add(POLICY_REPORT);
    expect([small.about(POD, 'shop', undefined).length, small.left()]).toEqual([3, 7]);
  });
});

describe('files with reports', () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [POLICY_REPORT, CONSTRAINT, POD] };
  const cases: readonly (readonly [string, string, number, readonly string[]])[] = [
    ['a list in JSON', JSON.stringify(list), 3, []],
    ['documents in YAML', `---\n${JSON.stringify(POLICY_REPORT)}\n---\n${JSON.stringify(CONSTRAINT)}\n`, 3, []],
    ['nothing', '{"items":[]}', 0, ['no policy report and no constraint found']],
    ['other objects', JSON.stringify(POD), 0, ['no policy report and no constraint found']],
    ['broken YAML', 'a: [', 0, [expect.stringMatching(/^line \d+: /) as string]],
  ];

  test.each(cases)('are read: %s', async (_name, text, count, problems) => {
    writeFileSync('reports.yaml', text);
    const book = createSaidBook();
    const errors = await addReportFiles(['reports.yaml'], (async function* () {})(), book);
    expect(errors.map(({ message }) => message)).toEqual(problems);
    expect(book.about(POD, 'shop', 'u-1')).toHaveLength(count);
  });
});
