/** Exceptions: what a document must say, what one excuses, and what it never does. */
import { describe, expect, test } from 'vitest';
import { DAY_MS, dayStart } from '../../src/go/date.ts';
import type { Finding } from '../../src/policy/finding.ts';
import { evaluate } from '../../src/policy/evaluate.ts';
import { coveredBy } from '../../src/policy/plan.ts';
import { type ImageException } from '../../src/policy/exception.ts';
import { exceptionBook } from '../../src/policy/exception-book.ts';
import { readException } from '../../src/policy/exception-document.ts';
import { expiryNotices } from '../../src/policy/notice.ts';
import { defineRule } from '../../src/policy/rule.ts';
import type { ScopeRequest } from '../../src/policy/scope-request.ts';
import type { Workload } from '../../src/pod/workload.ts';
import { cpuRatio } from '../support/cpu-ratio.ts';
import { objectsIn } from '../pod/fixtures.ts';
import { AFTER, exceptionOf, kinds, LAST_DAY, NO_LABELS, pod, policyOf, requestFor, workload } from './fixtures.ts';
import { NO_FACTS } from '../../src/policy/fact.ts';

const GOOD =
  '{policy: test, rules: [image-digest], match: {namespaces: [shop]}, owner: team-x, reason: known, expires: 2027-01-31}';

function faultsOf(change: string, whole = '{}'): readonly string[] {
  const [spec] = objectsIn(GOOD);
  const [changed] = objectsIn(change);
  const [over] = objectsIn(whole);
  const document = {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicyException',
    metadata: { name: 'x' },
    spec: { ...spec, ...changed },
    ...over,
  };
  const policies = new Map([['test', ['image-digest', 'image-tag']]]);
  const read = readException(document, { kinds, policies });
  return read.ok ? [] : read.faults.map(({ pointer, problem, at }) => `${at} ${pointer}: ${problem}`);
}

describe('a document', () => {
  test('needs all keys of its spec', () => {
    expect(faultsOf('{}', '{spec: {}}')).toEqual(
      ['policy', 'rules', 'match', 'owner', 'reason', 'expires'].map((key) => `value /spec: "${key}" is required`),
    );
  });

  test.each<[string, readonly string[]]>([
    ['{}', []],
    ['{rules: [image-digest, image-tag]}', []],
    ['{rules: []}', ['value /spec/rules: must not be empty']],
    ['{rules: image-digest}', ['value /spec/rules: expected a list, found a string']],
    [
      '{rules: [image-registry]}',
      ['value /spec/rules/0: policy "test" has no rule "image-registry" (its rules: image-digest, image-tag)'],
    ],
    ['{policy: tset}', ['value /spec/policy: unknown policy "tset"; did you mean "test"? (all policies: test)']],
    ['{policy: __proto__}', ['value /spec/policy: unknown policy "__proto__" (all policies: test)']],
    [
      '{expire: x}',
      [
        'key /spec/expire: unknown key "expire"; did you mean "expires"? (expected policy, rules, match, owner, reason, or expires)',
      ],
    ],
    // An exception for everything must say so.
    ['{match: {}}', ['value /spec/match: set at least one of namespaces, kinds, names, containers, or images']],
    ['{match: {namespaces: []}}', ['value /spec/match/namespaces: must not be empty']],
    ['{match: {kinds: ["*"]}}', []],
    [
      '{match: {kinds: [Deploymet]}}',
      [
        'value /spec/match/kinds/0: kind "Deploymet" is unknown or has no images; did you mean "Deployment"? (add custom kinds under "kinds" in the configuration)',
      ],
    ],
    [
      '{match: {images: [nginx, "https://a.io"]}}',
      ['value /spec/match/images/1: "https://a.io" is not a pattern: remove "https://"; use, for example, a.io/**'],
    ],
    [
      '{match: {operations: [CREATE]}}',
      [
        'key /spec/match/operations: unknown key "operations" (expected namespaces, kinds, names, containers, or images)',
      ],
    ],
    [
      '{owner: ""}',
      ['value /spec/owner: invalid value "": expected at least one letter or digit, and at most 500 characters'],
    ],
    [
      '{reason: " \\n "}',
      [
        'value /spec/reason: invalid value " \\u000a ": expected at least one letter or digit, and at most 500 characters',
      ],
    ],
    [
      '{owner: 1}',
      ['value /spec/owner: expected at least one letter or digit, and at most 500 characters, found a number'],
    ],
    [
      '{expires: 20270131}',
      ['value /spec/expires: expected a date in the form YYYY-MM-DD, for example 2027-01-31, found a number'],
    ],
    [
      '{expires: 2027-1-31}',
      [
        'value /spec/expires: invalid value "2027-1-31": expected a date in the form YYYY-MM-DD, for example 2027-01-31',
      ],
    ],
    [
      '{expires: "2027-01-31T00:00:00Z"}',
      [
        'value /spec/expires: invalid value "2027-01-31T00:00:00Z": expected a date in the form YYYY-MM-DD, for example 2027-01-31',
      ],
    ],
    ['{expires: 2027-02-29}', ['value /spec/expires: "2027-02-29" is not a valid date']],
    [
      '{expires: never}',
      ['value /spec/expires: invalid value "never": expected a date in the form YYYY-MM-DD, for example 2027-01-31'],
    ],
  ])('with %s', (change, faults) => {
    expect(faultsOf(change)).toEqual(faults);
  });

  test('is read into one line for log lines and annotations', () => {
    const { owner, reason } = exceptionOf('{kinds: [Pod]}', {
      owner: ' team x\n',
      reason: 'because\r\n  of\u2028it\u202e ',
    });
    expect({ owner, reason }).toEqual({ owner: 'team x', reason: 'because of it' });
  });
});

test.each<[string, number | undefined]>([
  ['1970-01-01', 0],
  ['1970-01-02', DAY_MS],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
  ['2000-02-29', Date.UTC(2000, 1, 29)],
  ['2100-02-29', undefined],
  ['2027-02-29', undefined],
  ['2027-04-31', undefined],
  ['2027-12-31', Date.UTC(2027, 11, 31)],
  ['2027-13-01', undefined],
  ['2027-00-01', undefined],
  ['2027-01-00', undefined],
  ['2027-01-32', undefined],
  ['0001-01-01', -62_135_596_800_000],
  ['9999-12-31', Date.UTC(9999, 11, 31)],
  ['2027-1-1', undefined],
  [' 2027-01-01', undefined],
  ['2027-01-01\n', undefined],
  ['', undefined],
])('the day %j begins at %s', (text, start) => {
  expect(dayStart(text)).toBe(start);
});

const policy = policyOf(
  '{rules: [{rule: image-digest}, {rule: image-tag, action: warn, parameters: {deny: [latest]}}]}',
);

function findingsWith(
  exceptions: readonly ImageException[],
  request: ScopeRequest,
  { now = LAST_DAY, of = policy }: { readonly now?: number; readonly of?: typeof policy } = {},
): readonly Finding[] {
  const excuses = exceptionBook(exceptions, () => now).excusesFor(request);
  const facts = { namespaceLabels: NO_LABELS, ...NO_FACTS };
  return evaluate(coveredBy([of], request), { request, facts, canChange: () => true, excuses });
}

const findingTexts = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ container, rule, action, excuse, lapsed }) =>
    [
      container?.name ?? '-',
      rule,
      action,
      ...(excuse ? [`by ${excuse.exception.name} instead of ${excuse.insteadOf}`] : []),
      ...(lapsed ? [`but for ${lapsed.name}`] : []),
    ].join(' '),
  );

const web = pod('{containers: [{name: web, image: "nginx:1"}]}');
const generated = workload(
  '{apiVersion: v1, kind: Pod, metadata: {generateName: web-7d9f-}, spec: {containers: [{name: web, image: "nginx:1"}]}}',
);
const task = workload(
  '{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: t}, spec: {steps: [{image: "nginx:1"}]}}',
);
const clusterTask = workload(
  '{apiVersion: tekton.dev/v1beta1, kind: ClusterTask, metadata: {name: t}, spec: {steps: [{name: web, image: "nginx:1"}]}}',
);

describe('match', () => {
  test.each<[string, Partial<ScopeRequest>, boolean]>([
    ['{namespaces: [shop]}', {}, true],
    ['{namespaces: ["sh*", other]}', {}, true],
    ['{namespaces: [other]}', {}, false],
    ['{namespaces: ["*"]}', { namespace: undefined, workload: clusterTask }, false],
    ['{kinds: ["*"]}', { namespace: undefined, workload: clusterTask }, true],
    ['{kinds: [Pod]}', {}, true],
    ['{kinds: [Deployment]}', {}, false],
    ['{kinds: [Task.tekton.dev]}', { workload: task }, true],
    ['{names: [p]}', {}, true],
    ['{names: [q]}', {}, false],
    // At its creation a Pod of a ReplicaSet has only the beginning of its name.
    ['{names: ["web-*"]}', { workload: generated }, true],
    ['{names: [web]}', { workload: generated }, false],
    ['{names: [web-7d9f-x2x4z]}', { workload: generated }, false],
    ['{containers: [web]}', {}, true],
    ['{containers: ["w*"]}', {}, true],
    ['{containers: [regular]}', {}, false],
    ['{containers: ["*"]}', { workload: task }, false],
    ['{images: [nginx]}', {}, true],
    ['{images: ["nginx:1"]}', {}, true],
    ['{images: ["nginx:2"]}', {}, false],
    ['{images: ["quay.io/**"]}', {}, false],
    ['{namespaces: [shop], kinds: [Pod], names: [p], containers: [web], images: [nginx]}', {}, true],
    ['{namespaces: [shop], kinds: [Pod], names: [p], containers: [other], images: [nginx]}', {}, false],
    ['{namespaces: [shop], kinds: [Job], names: [p], containers: [web], images: [nginx]}', {}, false],
  ])('%s of %j: %s', (match, request, excused) => {
    const [finding] = findingsWith([exceptionOf(match)], requestFor(web, request));
    expect(finding?.action).toBe(excused ? 'excused' : 'deny');
  });
});

describe('an exception', () => {
  test('excuses its rules, for its containers, and says what they would have done', () => {
    const two = pod('{containers: [{name: web, image: nginx}, {name: log, image: nginx}]}');
    const exception = exceptionOf('{containers: [web]}', { rules: ['image-digest', 'image-tag'] });
    expect(findingTexts(findingsWith([exception], requestFor(two)))).toEqual([
      'web image-digest excused by x instead of deny',
      'log image-digest deny',
      'web image-tag excused by x instead of warn',
      'log image-tag warn',
    ]);
  });

  test('is in force through the last millisecond of its last day, and then is told', () => {
    const exception = exceptionOf('{namespaces: [shop]}');
    expect(findingTexts(findingsWith([exception], requestFor(web), { now: AFTER - 1 }))).toEqual([
      'web image-digest excused by x instead of deny',
    ]);
    expect(findingTexts(findingsWith([exception], requestFor(web), { now: AFTER }))).toEqual([
      'web image-digest deny but for x',
    ]);
  });

  test('that lasts longest is the one that is used, the first of those that last as long', () => {
    const short = exceptionOf('{kinds: [Pod]}', { name: 'short', expires: '2026-01-31' });
    const long = exceptionOf('{namespaces: [shop]}', { name: 'long', expires: '2027-03-01' });
    const same = exceptionOf('{namespaces: [shop]}', { name: 'same', expires: '2027-03-01' });
    const elsewhere = exceptionOf('{namespaces: [other]}', { name: 'elsewhere', expires: '2030-01-01' });
    const all = [elsewhere, short, long, same];
    expect(findingTexts(findingsWith(all, requestFor(web)))).toEqual([
      'web image-digest excused by long instead of deny',
    ]);
    expect(findingTexts(findingsWith(all, requestFor(web), { now: Date.UTC(2027, 2, 2) }))).toEqual([
      'web image-digest deny but for long',
    ]);
    expect(findingTexts(findingsWith([short], requestFor(web)))).toEqual(['web image-digest deny but for short']);
  });

  test('for another policy does nothing', () => {
    const policies = new Map([['other', ['image-digest']]]);
    const [document] = objectsIn(
      `{apiVersion: tidewaiter.dev/v1alpha1, kind: ImagePolicyException, metadata: {name: x}, spec: ${GOOD.replace('test', 'other')}}`,
    );
    const read = readException(document, { kinds, policies });
    expect(read.ok && findingTexts(findingsWith([read.exception], requestFor(web)))).toEqual(['web image-digest deny']);
  });

  test('excuses unknown findings, but no invalid image if it selects by image', () => {
    const odd = workload(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: open, image: ""}, {name: bad, image: "x:"}]}}}}',
    );
    const findings = (match: string): readonly string[] =>
      findingTexts(findingsWith([exceptionOf(match)], requestFor(odd)));
    expect(findings('{containers: [open]}')).toContain('open image-digest excused by x instead of warn');
    expect(findings('{images: ["**"]}').filter((one) => one.includes('excused'))).toEqual([]);
  });

  test('does not silence the other rules that stumble over the same image', () => {
    const bad = pod('{containers: [{name: bad, image: "x:"}]}');
    const both = policyOf(
      '{rules: [{rule: image-digest}, {rule: image-reference, action: warn}, {rule: image-pull-policy}]}',
    );
    expect(findingTexts(findingsWith([], requestFor(bad), { of: both }))).toEqual(['bad image-digest deny']);
    expect(findingTexts(findingsWith([exceptionOf('{kinds: [Pod]}')], requestFor(bad), { of: both }))).toEqual([
      'bad image-digest excused by x instead of deny',
      'bad image-pull-policy deny',
    ]);
  });

  test('does not excuse the failure of a rule', () => {
    const failing = defineRule({
      name: 'image-digest',
      description: 'For tests',
      parameters: { type: 'object', additionalProperties: false, properties: {} },
      needs: [],
      prepare: () => ({ ok: true, value: undefined }),
      check: () => {
        throw new Error('no');
      },
    });
    const of = policyOf('{rules: [{rule: image-digest, onUnknown: deny}]}', [failing]);
    expect(findingTexts(findingsWith([exceptionOf('{kinds: ["*"]}')], requestFor(web), { of }))).toEqual([
      '- image-digest deny',
    ]);
  });

  test('about containers does not excuse what is said of the whole object', () => {
    const whole = defineRule({
      name: 'image-digest',
      description: 'For tests',
      parameters: { type: 'object', additionalProperties: false, properties: {} },
      needs: [],
      prepare: () => ({ ok: true, value: undefined }),
      check: () => [{ state: 'violation', container: undefined, pointer: '/spec', message: 'wrong' }],
    });
    const of = policyOf('{rules: [{rule: image-digest}]}', [whole]);
    const findings = (match: string): readonly string[] =>
      findingTexts(findingsWith([exceptionOf(match)], requestFor(web), { of }));
    expect(findings('{containers: ["*"]}')).toEqual(['- image-digest deny']);
    expect(findings('{images: ["**"]}')).toEqual(['- image-digest deny']);
    expect(findings('{names: [p]}')).toEqual(['- image-digest excused by x instead of deny']);
  });

  test('is found among many for an object with many containers, in time proportional to both', async () => {
    const others = Array.from({ length: 10_000 }, (_, index) =>
      exceptionOf(`{namespaces: [other-${index}]}`, { name: `o${index}` }),
    );
    const ours = exceptionOf('{namespaces: [shop], containers: ["c*"]}');
    const podWith = (count: number): Workload =>
      pod(
        `{containers: [${Array.from({ length: count }, (_, index) => `{name: c${index}, image: "a:1"}`).join(', ')}]}`,
      );
    const pods = new Map([1_250, 10_000].map((count) => [count, podWith(count)]));
    const findings = (count: number): readonly Finding[] =>
      findingsWith([...others.slice(0, count), ours], requestFor(pods.get(count) ?? podWith(count)));
    expect(findings(10_000).filter(({ action }) => action === 'excused')).toHaveLength(10_000);
    // Eight times as much takes eight times as long, or sixty-four if each container goes through all exceptions.
    expect(await cpuRatio(findings, { small: 1_250, large: 10_000 })).toBeLessThan(32);
  }, 30_000);
});

describe('the calendar', () => {
  const exception = exceptionOf('{kinds: [Pod]}');
  test.each<[string, string | undefined]>([
    ['2027-01-16', undefined],
    ['2027-01-17', 'exception "x" (owner team-x) expires on 2027-01-31, in 14 days'],
    ['2027-01-30', 'exception "x" (owner team-x) expires on 2027-01-31, in 1 day'],
    ['2027-01-31', 'exception "x" (owner team-x) expires today, 2027-01-31'],
    ['2027-02-01', 'exception "x" (owner team-x) expired on 2027-01-31 and has no effect'],
  ])('on %s says %s', (day, message) => {
    const start = dayStart(day) ?? 0;
    for (const now of [start, start + DAY_MS - 1]) {
      expect(expiryNotices([exception], now).map((notice) => notice.message)).toEqual(
        message === undefined ? [] : [message],
      );
    }
  });

  test('says how much is back', () => {
    const messages = (missed: number): readonly string[] =>
      expiryNotices([exception], AFTER, () => missed).map(({ message }) => message);
    expect(messages(1)).toEqual([
      'exception "x" (owner team-x) expired on 2027-01-31 and has no effect; it would have excused 1 finding',
    ]);
    expect(messages(2)[0]).toMatch(/excused 2 findings$/);
  });
});
