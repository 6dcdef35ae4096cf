/** The wire: what is read from a review, what is refused in one, and what goes back. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Mutation } from '../../src/admission/mutation.ts';
import {
  answerText,
  isReview,
  mutationReview,
  readReview,
  type Review,
  decisionReview,
} from '../../src/admission/review.ts';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { Decision } from '../../src/admission/validate.ts';
import { type JsonObject, jsonType } from '../../src/pod/pointer.ts';
import type { Finding } from '../../src/policy/finding.ts';
import { pod } from '../policy/fixtures.ts';
import { answerFaults } from './answer-checks.ts';

const REQUEST = {
  uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'status',
  requestKind: { group: 'apps', version: 'v1beta1', kind: 'Deployment' },
  name: 'web',
  namespace: 'shop',
  operation: 'UPDATE',
  userInfo: { username: 'jane', uid: '1', groups: ['devs'], extra: { a: ['b'] } },
  object: { spec: {} },
  oldObject: { spec: { old: true } },
  dryRun: true,
  options: { kind: 'UpdateOptions' },
};

const body = (change: JsonObject = {}, version = 'admission.k8s.io/v1'): JsonObject => ({
  apiVersion: version,
  kind: 'AdmissionReview',
  request: { ...REQUEST, ...change },
});

function requestOf(value: unknown): AdmissionRequest {
  const read = readReview(value);
  if (!read.ok) throw new Error(`${read.pointer}: ${read.problem}`);
  return read.review.request;
}

describe('readReview', () => {
  test.each(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'])('reads %s', (version) => {
    expect(readReview(body({}, version))).toEqual({
      ok: true,
      review: {
        apiVersion: version,
        request: {
          uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
          operation: 'UPDATE',
          type: { group: 'apps', version: 'v1', kind: 'Deployment' },
          subResource: 'status',
          name: 'web',
          namespace: 'shop',
          user: { name: 'jane', groups: ['devs'] },
          object: { spec: {} },
          oldObject: { spec: { old: true } },
          dryRun: true,
          pluginsRan: true,
          mutateRan: true,
        },
      },
    });
  });

  const ABSENT = {
    subResource: '',
    name: '',
    namespace: undefined,
    user: undefined,
    oldObject: undefined,
    dryRun: false,
  };

  test.each([undefined, null])('takes what may be absent as %s', (nothing) => {
    const read = requestOf(
      body({
        subResource: nothing,
        name: nothing,
        namespace: nothing,
        userInfo: nothing,
        oldObject: nothing,
        dryRun: nothing,
      }),
    );
    expect(read).toMatchObject(ABSENT);
    expect(requestOf(body({ userInfo: {} })).user).toEqual({ name: '', groups: [] });
    expect(requestOf(body({ userInfo: { username: nothing, groups: nothing } })).user).toEqual({
      name: '',
      groups: [],
    });
    expect(requestOf(body({ kind: { group: nothing, version: nothing, kind: 'Pod' } })).type).toEqual({
      group: '',
      version: '',
      kind: 'Pod',
    });
    for (const operation of ['DELETE', 'CONNECT'])
      expect(requestOf(body({ operation, object: nothing })).object).toBeUndefined();
  });

  test('keeps the keys of an object that would be another’s properties', () => {
    const object: unknown = JSON.parse('{"__proto__": {"spec": 1}, "constructor": 2}');
    expect(Object.keys(requestOf(body({ object })).object ?? {})).toEqual(['__proto__', 'constructor']);
    const envelope: unknown = JSON.parse(
      '{"__proto__": {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}}',
    );
    expect(readReview(envelope)).toMatchObject({ ok: false, pointer: '/apiVersion' });
  });

  const VERSIONS = 'expected admission.k8s.io/v1 or admission.k8s.io/v1beta1,';
  const OPERATIONS = 'expected CREATE, UPDATE, DELETE, CONNECT,';

  test.each<[unknown, string, string]>([
    [undefined, '', 'expected an object, found nothing'],
    [null, '', 'expected an object, found null'],
    [[], '', 'expected an object, found a list'],
    ['x', '', 'expected an object, found a string'],
    [{}, '/apiVersion', `${VERSIONS} but the field is missing`],
    [{ apiVersion: 'admission.k8s.io/v2' }, '/apiVersion', `${VERSIONS} found admission.k8s.io/v2`],
    [{ apiVersion: 'v1' }, '/apiVersion', `${VERSIONS} found v1`],
    [{ apiVersion: ['admission.k8s.io/v1'] }, '/apiVersion', `${VERSIONS} found a list`],
    [{ apiVersion: 'two words' }, '/apiVersion', `${VERSIONS} found a string`],
    [{ apiVersion: 'a'.repeat(61) }, '/apiVersion', `${VERSIONS} found a string`],
    [{ ...body(), kind: 'Pod' }, '/kind', 'expected AdmissionReview, found Pod'],
    [{ ...body(), kind: undefined }, '/kind', 'expected AdmissionReview, but the field is missing'],
    [{ ...body(), request: null }, '/request', 'expected an object, found null'],
    [
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: {} },
      '/request',
      'expected an object, but the field is missing',
    ],
    [body({ operation: 'create' }), '/request/operation', `${OPERATIONS} found create`],
    [body({ operation: undefined }), '/request/operation', `${OPERATIONS} but the field is missing`],
    [body({ operation: 1 }), '/request/operation', `${OPERATIONS} found a number`],
    [body({ uid: '' }), '/request/uid', 'expected a UID, but the field is missing or empty'],
    [body({ uid: undefined }), '/request/uid', 'expected a UID, but the field is missing or empty'],
    [body({ uid: 'u'.repeat(254) }), '/request/uid', 'expected a UID of at most 253 characters, found 254'],
    [
      body({ uid: '\u0000'.repeat(1_000_000) }),
      '/request/uid',
      'expected a UID of at most 253 characters, found 1000000',
    ],
    [body({ kind: undefined }), '/request/kind', 'expected an object, but the field is missing'],
    [
      body({ kind: { group: '', version: 'v1' } }),
      '/request/kind/kind',
      'expected the kind of the object, but the field is missing or empty',
    ],
    [body({ object: null }), '/request/object', 'expected the object of the UPDATE, but the field is missing'],
    [
      body({ object: undefined, operation: 'CREATE' }),
      '/request/object',
      'expected the object of the CREATE, but the field is missing',
    ],
    [body({ userInfo: { groups: ['a', 1] } }), '/request/userInfo/groups/1', 'expected a string, found a number'],
  ])('refuses %o at %s: %s', (value, pointer, problem) => {
    expect(readReview(value)).toEqual({ ok: false, pointer, problem });
  });

  const TYPES: Readonly<Record<string, string>> = {
    uid: 'a string',
    subResource: 'a string',
    name: 'a string',
    namespace: 'a string',
    kind: 'an object',
    'kind/group': 'a string',
    'kind/version': 'a string',
    'kind/kind': 'a string',
    userInfo: 'an object',
    'userInfo/username': 'a string',
    'userInfo/groups': 'a list',
    object: 'an object',
    oldObject: 'an object',
    dryRun: 'true or false',
  };
  const NAMES: Readonly<Record<string, string>> = { 'true or false': 'a boolean' };

  test.each(Object.entries(TYPES))('refuses every other type at %s than %s', (field, expected) => {
    const [key = '', inner] = field.split('/');
    for (const value of ['text', 7, true, [], {}, Infinity, [[]]]) {
      const wrong = inner === undefined ? value : { ...((REQUEST as JsonObject)[key] as JsonObject), [inner]: value };
      const read = readReview(body({ [key]: wrong }));
      if (jsonType(value) !== (NAMES[expected] ?? expected)) {
        expect(read).toEqual({
          ok: false,
          pointer: `/request/${field}`,
          problem: `expected ${expected}, found ${jsonType(value)}`,
        });
      } else if (!read.ok) {
        // The right type, with something wrong further inside.
        expect(read.pointer.startsWith(`/request/${field}/`)).toBe(true);
      }
    }
  });

  test('never throws, whatever the JSON', () => {
    const anything = fc.jsonValue();
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.record({ apiVersion: anything, kind: anything, request: anything }), nearReview()),
        (value) => {
          const read = readReview(value);
          expect(read.ok ? '' : read.pointer).toMatch(/^(\/[A-Za-z]+(\/\d+)?)*$/);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

function nearReview(): fc.Arbitrary<unknown> {
  const keys = Object.keys(REQUEST);
  return fc
    .record({
      key: fc.constantFrom(...keys),
      value: fc.jsonValue(),
      operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
    })
    .map(({ key, value, operation }) => body({ operation, [key]: value }));
}

test.each<[unknown, boolean]>([
  [body(), true],
  [{ kind: 'AdmissionReview' }, true],
  [{ kind: 'Pod' }, false],
  [{}, false],
  [null, false],
  [['AdmissionReview'], false],
])('%o claims to be a review: %s', (value, claims) => {
  expect(isReview(value)).toBe(claims);
});

function reviewOf(change: JsonObject = {}, version?: string): Review {
  const read = readReview(body(change, version));
  if (!read.ok) throw new Error(read.problem);
  return read.review;
}

const workload = pod('{containers: [{name: web, image: nginx}]}');
const [web] = workload.containers;

const finding = (change: Partial<Finding> = {}): Finding => ({
  policy: 'baseline',
  rule: 'image-tag',
  action: 'deny',
  outcome: 'violation',
  existing: false,
  container: web,
  pointer: '/spec/containers/0/image',
  message: 'image "nginx" has no tag and defaults to "latest"',
  remedy: 'specify a version, for example :1.27',
  ...change,
});

const decision = (...findings: readonly Finding[]): Decision => ({
  outcome: 'evaluated',
  covered: [],
  allowed: findings.every(({ action }) => action !== 'deny'),
  findings,
  workload,
});

describe('the answer', () => {
  test('to a request that is not evaluated only allows it', () => {
    const answer = decisionReview(reviewOf(), { outcome: 'not-evaluated', allowed: true, findings: [], reason: 'x' });
    expect(answer).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: REQUEST.uid, allowed: true },
    });
  });

  test('to an object without findings says so in the audit log', () => {
    expect(decisionReview(reviewOf(), decision()).response).toEqual({
      uid: REQUEST.uid,
      allowed: true,
      auditAnnotations: { decision: 'allow' },
    });
  });

  test.each([REQUEST.uid, 'a"b\\c', 'a\nb\u2028\u0000', 'é-漢-😀', 'a\ud800', '-'.repeat(253)])(
    'is the JSON of what is said, whatever the uid: %j',
    (uid) => {
      const reviews = [reviewOf({ uid }), reviewOf({ uid }, 'admission.k8s.io/v1beta1')];
      const decisions: readonly Decision[] = [
        decision(),
        decision(finding()),
        decision(finding({ action: 'warn' })),
        decision(finding({ action: 'audit' })),
        { outcome: 'not-evaluated', allowed: true, findings: [], reason: 'none' },
      ];
      const answers = reviews.flatMap((review) => decisions.map((one) => decisionReview(review, one)));
      const patch = { patchType: 'JSONPatch', patch: 'W10=' } as const;
      const patched = answers.map((answer) => ({ ...answer, response: { ...answer.response, ...patch } }));
      for (const answer of [...answers, ...patched]) expect(answerText(answer)).toBe(JSON.stringify(answer));
    },
  );

  test('that denies has the object, every problem, who says so and what would be accepted', () => {
    const warned = finding({
      action: 'warn',
      rule: 'image-digest',
      message: 'image "nginx" has no digest',
      remedy: undefined,
    });
    const other = finding({
      container: undefined,
      pointer: '/spec/tasks/a~1b/image',
      message: 'something is wrong',
      remedy: undefined,
    });
    const answer = decisionReview(reviewOf({}, 'admission.k8s.io/v1beta1'), decision(finding(), warned, other));
    expect(answer).toEqual({
      apiVersion: 'admission.k8s.io/v1beta1',
      kind: 'AdmissionReview',
      response: {
        uid: REQUEST.uid,
        allowed: false,
        status: {
          status: 'Failure',
          reason: 'Forbidden',
          code: 403,
          message: [
            'Deployment shop/web: 2 problems',
            '  container "web": image "nginx" has no tag and defaults to "latest" [baseline/image-tag]',
            '    specify a version, for example :1.27',
            '  something is wrong [baseline/image-tag]',
          ].join('\n'),
          details: {
            group: 'apps',
            kind: 'Deployment',
            name: 'web',
            causes: [
              {
                reason: 'FieldValueForbidden',
                message: 'container "web": image "nginx" has no tag and defaults to "latest"',
                field: 'spec.containers[0].image',
              },
              { reason: 'FieldValueForbidden', message: 'something is wrong', field: 'spec.tasks["a/b"].image' },
            ],
          },
        },
        warnings: ['container "web": image "nginx" has no digest [baseline/image-digest]'],
        auditAnnotations: {
          decision: 'deny',
          findings: [
            'deny [baseline/image-tag] container "web": image "nginx" has no tag and defaults to "latest"',
            'warn [baseline/image-digest] container "web": image "nginx" has no digest',
            'deny [baseline/image-tag] something is wrong',
          ].join('\n'),
        },
      },
    });
    expect(
      answerFaults(answerText(answer), {
        apiVersion: 'admission.k8s.io/v1beta1',
        uid: REQUEST.uid,
        endpoint: 'validate',
      }),
    ).toEqual([]);
  });

  test.each<[Partial<Finding>, readonly string[] | undefined, string]>([
    [
      { action: 'warn' },
      ['container "web": image "nginx" has no tag and defaults to "latest" [baseline/image-tag]'],
      'warn',
    ],
    [
      { action: 'warn', existing: true },
      [
        'container "web": image "nginx" has no tag and defaults to "latest" (existing before this update) [baseline/image-tag]',
      ],
      'warn',
    ],
    [
      { action: 'warn', outcome: 'unknown' },
      ['container "web": image "nginx" has no tag and defaults to "latest" [baseline/image-tag, unknown -> warn]'],
      'warn',
    ],
    [
      { action: 'warn', outcome: 'error', container: undefined },
      ['image "nginx" has no tag and defaults to "latest" [baseline/image-tag, unknown -> warn]'],
      'warn',
    ],
    [{ action: 'audit' }, undefined, 'allow'],
    [{ action: 'audit', outcome: 'unknown' }, undefined, 'allow'],
  ])('with %o has the warnings %j and the decision %s', (change, warnings, decided) => {
    const { response } = decisionReview(reviewOf(), decision(finding(change)));
    expect(response.warnings).toEqual(warnings);
    expect(response.auditAnnotations?.['decision']).toBe(decided);
    expect(response.auditAnnotations?.['findings']).toContain('has no tag');
    expect(response.allowed).toBe(true);
  });

  test.each<[JsonObject, string]>([
    [{}, 'Deployment shop/web: 1 problem'],
    [{ namespace: '' }, 'Deployment web: 1 problem'],
    [{ name: '', object: { metadata: { generateName: 'web-' } } }, 'Deployment shop/web-: 1 problem'],
    [{ name: '', object: { metadata: { name: 'own' } } }, 'Deployment shop/own: 1 problem'],
    [{ name: '', object: {} }, 'Deployment "shop/(no name)": 1 problem'],
    [{ name: 'a\nb: allowed' }, 'Deployment "shop/a\\u000ab: allowed": 1 problem'],
    [{ name: '\u202egnp' }, 'Deployment "shop/\\u202egnp": 1 problem'],
    [{ name: 'n'.repeat(400) }, `Deployment "shop/${'n'.repeat(195)}…": 1 problem`],
  ])('for %o begins with %s', (change, first) => {
    const { status } = decisionReview(reviewOf(change), decision(finding())).response;
    expect(status?.message.split('\n')[0]).toBe(first);
    expect(status?.details.name.length).toBeLessThanOrEqual(253);
  });

  test('lists fifty problems and counts the others', () => {
    const { response } = decisionReview(
      reviewOf(),
      decision(...Array.from({ length: 53 }, () => finding({ remedy: undefined }))),
    );
    const lines = response.status?.message.split('\n') ?? [];
    expect([lines.length, lines[0], lines[51]]).toEqual([52, 'Deployment shop/web: 53 problems', '  and 3 more']);
    expect(response.status?.details.causes).toHaveLength(50);
    const audited = response.auditAnnotations?.['findings']?.split('\n') ?? [];
    expect([audited.length, audited[50]]).toEqual([51, 'and 3 more']);
  });

  test('has warnings until the API server would drop them, and counts the others', () => {
    const long = finding({ action: 'warn', message: `image "${'x'.repeat(300)}"` });
    const { warnings } = decisionReview(reviewOf(), decision(...Array.from({ length: 20 }, () => long))).response;
    expect(warnings?.map((text) => text.length)).toEqual([...Array.from({ length: 13 }, () => 256), 79]);
    expect(warnings?.[0]).toMatch(/^container "web": image "x+… \[baseline\/image-tag\]$/);
    expect(warnings?.[13]).toBe('and 7 more warnings; run "tidewaiter check" on the manifest to list all of them');
  });

  test('cuts no character in two', () => {
    for (const shift of ['', 'x']) {
      const message = `image "${shift}${'😀'.repeat(200)}"`;
      const answer = decisionReview(reviewOf(), decision(finding({ action: 'warn', message })));
      expect(
        answerFaults(answerText(answer), { apiVersion: 'admission.k8s.io/v1', uid: REQUEST.uid, endpoint: 'validate' }),
      ).toEqual([]);
    }
  });
});

const unchanged: Mutation = {
  uid: REQUEST.uid,
  allowed: true,
  patch: [],
  prepared: [],
  findings: [],
  rewrites: [],
  images: [],
  pullSecrets: [],
  pullPolicies: [],
};

describe('the mutating answer', () => {
  test('without a change has neither patch nor patchType', () => {
    expect(mutationReview(reviewOf(), unchanged).response).toEqual({
      uid: REQUEST.uid,
      allowed: true,
    });
  });

  test('with a change has both, as Go decodes them', () => {
    const mutation: Mutation = {
      ...unchanged,
      patch: [{ op: 'replace', path: '/spec/ä~1/image', value: 'nginx@sha256:…' }],
    };
    const answer = mutationReview(reviewOf(), mutation);
    expect(
      answerFaults(answerText(answer), { apiVersion: 'admission.k8s.io/v1', uid: REQUEST.uid, endpoint: 'mutate' }),
    ).toEqual([]);
    expect(answer.response.patchType).toBe('JSONPatch');
    expect(JSON.parse(Buffer.from(answer.response.patch ?? '', 'base64').toString())).toEqual(mutation.patch);
  });

  test('that denies has all reasons, warnings and no patch', () => {
    const denied: Mutation = {
      ...unchanged,
      allowed: false,
      findings: [
        finding({ rule: 'pin', message: 'image "a:1" cannot be pinned: a.io has no tag "1"', remedy: 'push it' }),
        finding({ rule: 'pin', action: 'warn', outcome: 'unknown', message: 'image "b:1" cannot be pinned: late' }),
      ],
    };
    const answer = mutationReview(reviewOf(), denied);
    expect(answer.response).toEqual({
      uid: REQUEST.uid,
      allowed: false,
      status: {
        status: 'Failure',
        reason: 'Forbidden',
        code: 403,
        message: expect.stringMatching(
          /: 1 problem\n {2}container "web": image "a:1" cannot be pinned: a.io has no tag "1" \[baseline\/pin\]\n {4}push it$/,
        ),
        details: expect.objectContaining({ causes: [expect.objectContaining({ reason: 'FieldValueForbidden' })] }),
      },
      warnings: ['container "web": image "b:1" cannot be pinned: late [baseline/pin, unknown -> warn]'],
      auditAnnotations: { decision: 'deny', findings: expect.stringContaining('deny [baseline/pin]') },
    });
    expect(
      answerFaults(answerText(answer), { apiVersion: 'admission.k8s.io/v1', uid: REQUEST.uid, endpoint: 'mutate' }),
    ).toEqual([]);
  });

  test('keeps each image as it was written in the audit annotation, as many as a person reads', () => {
    const container = finding({}).container;
    if (container === undefined) throw new Error('no container');
    const images = Array.from({ length: 60 }, (_, index) => ({
      policy: 'baseline',
      outcome: 'pinned' as const,
      cause: undefined,
      container,
      from: `a:${index}`,
      to: `a:${index}@sha256:x`,
    }));
    const lines = mutationReview(reviewOf(), { ...unchanged, images }).response.auditAnnotations?.['pinned']?.split(
      '\n',
    );
    expect([lines?.length, lines?.[0], lines?.at(-1)]).toEqual([51, 'container "web": a:0 -> sha256:x', 'and 10 more']);
  });
});
