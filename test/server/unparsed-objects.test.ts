/** Reviews with more in them than is parsed: what their author can cause is a denial, and nothing else is denied for it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';

const LIMIT = 8 * 1024 * 1024;
const VALUES = `[${'{},'.repeat(500_000)}{}]`;
const ESCAPED = `"${'\\u003c'.repeat(LIMIT / 6)}"`;
const DEEP = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;

let server: TestServer;
beforeAll(async () => {
  const { context } = await compose({ kinds, policies: [] });
  const policy = policyOf('{exclude: {namespaces: [free]}, rules: [{rule: image-tag, parameters: {required: true}}]}');
  server = await startAdmissionServer({ ...context, policies: [policy] });
});
afterAll(() => server.stop());

interface Row {
  readonly type?: string;
  readonly request?: string;
  readonly metadata?: string;
  readonly apiVersion?: string;
  readonly name?: string;
}

const POD = '{"group":"","version":"v1","kind":"Pod"}';

function review(much: string, { type = POD, request = '', metadata = '"name":"web"', ...rest }: Row): string {
  const { apiVersion = 'admission.k8s.io/v1', name = '' } = rest;
  const operation = request.includes('"operation"') ? '' : ',"operation":"CREATE"';
  const namespace = request.includes('"namespace"') ? '' : ',"namespace":"shop"';
  return `{"kind":"AdmissionReview","apiVersion":"${apiVersion}","request":{"uid":"u-1","kind":${type}${request}${name}${namespace}${operation},"userInfo":{},"object":{"metadata":{${metadata}},"spec":{"containers":[{"name":"c","image":"nginx:1"}],"x":${much}}},"oldObject":null}}`;
}

async function answer(body: string, path = '/validate'): Promise<unknown> {
  const { status, text } = await server.post(path, body);
  const { apiVersion, response, message } = JSON.parse(text);
  if (status !== 200) return `${status} ${message}`;
  return { apiVersion, uid: response.uid, allowed: response.allowed, message: response.status?.message };
}

const CASES: readonly (readonly [string, string, string])[] = [
  [
    'has a million small values',
    VALUES,
    'the AdmissionReview has so many values that parsing it takes more than 24 MiB of memory',
  ],
  ['is made long by what Go escapes', ESCAPED, 'the AdmissionReview is larger than 8388608 bytes'],
  ['is nested too deep', DEEP, 'values are nested more than 1000 levels deep'],
];
const ROWS: readonly (readonly [string, Row])[] = [
  ['a Pod', {}],
  ['a Pod, in v1beta1', { apiVersion: 'admission.k8s.io/v1beta1' }],
  ['an update', { request: ',"operation":"UPDATE"' }],
  ['ephemeral containers', { request: ',"operation":"UPDATE","subResource":"ephemeralcontainers"' }],
  ['a kind of another group', { type: '{"group":"kubeflow.org","version":"v1","kind":"TFJob"}' }],
];

test.each(CASES.flatMap(([what, much, why]) => ROWS.map(([who, row]) => [who, what, row, much, why] as const)))(
  '%s that %s is denied, with the reason',
  async (_who, _what, row, much, why) => {
    expect(await answer(review(much, row))).toMatchObject({
      apiVersion: row.apiVersion ?? 'admission.k8s.io/v1',
      uid: 'u-1',
      allowed: false,
      message: expect.stringContaining(`cannot determine whether the object complies: /: ${why} [`),
    });
  },
);

const FREE: readonly (readonly [string, Row])[] = [
  ['is deleted', { request: ',"operation":"DELETE"' }],
  ['is connected to', { request: ',"operation":"CONNECT","subResource":"exec"' }],
  ['is of a kind without images', { type: '{"group":"example.com","version":"v1","kind":"Widget"}' }],
  ['gets a new status', { request: ',"operation":"UPDATE","subResource":"status"' }],
  [
    'is about to go',
    { request: ',"operation":"UPDATE"', metadata: '"name":"web","deletionTimestamp":"2026-11-29T00:00:00Z"' },
  ],
  ['is in a namespace that no policy covers', { request: ',"namespace":"free"' }],
];

test.each(CASES.flatMap(([what, much]) => FREE.map(([who, row]) => [what, who, row, much] as const)))(
  'what %s and %s is allowed',
  async (_what, _who, row, much) => {
    expect(await answer(review(much, row))).toMatchObject({ uid: 'u-1', allowed: true });
  },
);

test.each(CASES)('what %s is not changed by /mutate where no policy pins', async (_what, much) => {
  expect(await answer(review(much, {}), '/mutate')).toMatchObject({ uid: 'u-1', allowed: true });
});

test.each(CASES)('a body that %s and is not an AdmissionReview is rejected', async (_what, much, why) => {
  expect(await answer(`{"x":${much}}`)).toBe(`413 ${why}`);
});

test('a name so long that nothing else is known is the name of a new object', async () => {
  expect(await answer(review('1', { name: `,"name":"${'n'.repeat(LIMIT)}"` }))).toMatchObject({ allowed: false });
});
