/** The server over real HTTPS: routes, errors, versions, time, connections. */
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../src/admission/context.ts';
import { shownFingerprint } from '../../src/certificate/certificate.ts';
import { compose } from '../../src/wiring.ts';
import { answerFaults } from '../admission/answer-checks.ts';
import { podOf } from '../admission/decide.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, type Reply, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';
import { head, open } from './raw-http.ts';

const UID = '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11';
const good = podOf('{containers: [{name: web, image: "nginx:1"}]}');
const latest = podOf('{containers: [{name: web, image: nginx}]}');
const body = (object: unknown, extra = {}): string => JSON.stringify(createReview(object, extra));

let server: TestServer;
beforeAll(async () => {
  server = await startAdmissionServer((await compose({ kinds, policies: [] })).context);
});
afterAll(() => server.stop());

function statusOf({ status, headers, text }: Reply): unknown {
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['retry-after']).toBeUndefined();
  const value = JSON.parse(text) as { readonly reason: string; readonly message: string };
  expect(value).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    reason: value.reason,
    message: value.message,
  });
  return `${status} ${value.reason}: ${value.message}`;
}

/** Any method, through the same trust as everybody else. */
function send(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  content = '',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}${target}`,
      { method, ca: server.certificate.ca, agent: false, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(content);
  });
}

describe('a review', () => {
  test.each(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'])(
    'of %s is answered in that version',
    async (apiVersion) => {
      for (const [endpoint, object, allowed] of [
        ['validate', good, true],
        ['validate', latest, false],
        ['mutate', latest, true],
      ] as const) {
        const reply = await server.post(`/${endpoint}`, JSON.stringify({ ...createReview(object), apiVersion }));
        expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json; charset=utf-8' } });
        expect(answerFaults(reply.text, { apiVersion, uid: UID, endpoint })).toEqual([]);
        expect(JSON.parse(reply.text)).toMatchObject({ response: { allowed } });
      }
    },
  );

  test('is recorded for the log, with its decision', async () => {
    const before = server.reviews.length;
    await server.post('/validate', body(latest, { uid: 'for-the-log' }));
    await server.post('/mutate', body(latest));
    const [validated, mutated] = server.reviews.slice(before);
    expect(validated).toMatchObject({
      endpoint: 'validate',
      review: { request: { uid: 'for-the-log' } },
      decision: { outcome: 'evaluated', allowed: false },
    });
    expect(mutated).toMatchObject({ endpoint: 'mutate', decision: undefined });
    expect(validated?.durationMs).toBeGreaterThan(0);
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;charset=UTF-8',
  ])('as %s is read', async (contentType) => {
    expect(await server.post('/validate', body(good), { 'content-type': contentType })).toMatchObject({ status: 200 });
  });
});

describe('a request that is not a review', () => {
  const POST_ONLY = 'is not allowed; POST an AdmissionReview';
  const ROUTES = '404 NotFound: not found; this port serves POST /validate and /mutate, GET /healthz and /readyz';

  test.each<[string, string, string]>([
    ['GET', '/validate', `405 MethodNotAllowed: method GET ${POST_ONLY}`],
    ['GET', '/mutate?timeout=10s', `405 MethodNotAllowed: method GET ${POST_ONLY}`],
    ['PUT', '/validate', `405 MethodNotAllowed: method PUT ${POST_ONLY}`],
    ['DELETE', '/validate', `405 MethodNotAllowed: method DELETE ${POST_ONLY}`],
    ['PATCH', '/mutate', `405 MethodNotAllowed: method PATCH ${POST_ONLY}`],
    ['OPTIONS', '/validate', `405 MethodNotAllowed: method OPTIONS ${POST_ONLY}`],
    ['PROPFIND', '/validate', `405 MethodNotAllowed: method PROPFIND ${POST_ONLY}`],
    ['GET', '/', ROUTES],
    ['POST', '/', ROUTES],
    ['POST', '/validate/', ROUTES],
    ['POST', '/Validate', ROUTES],
    ['POST', '/validate/../mutate/x', ROUTES],
    ['POST', '/healthz', ROUTES],
    ['GET', '/metrics', ROUTES],
    ['GET', '/version', ROUTES],
    ['GET', `/${'a'.repeat(5000)}`, ROUTES],
  ])('%s %s', async (method, target, status) => {
    const reply = await send(
      method,
      target,
      { 'content-type': 'application/json' },
      method === 'POST' ? body(good) : '',
    );
    expect(statusOf(reply)).toBe(status);
    expect(reply.headers['allow']).toBe(reply.status === 405 ? 'POST' : undefined);
  });

  test.each(['/%', '/validate%zz'])('%s, which is not a URL path, is rejected as well', async (target) => {
    const reply = await send('POST', target, { 'content-type': 'application/json' }, body(good));
    expect(reply.status).toBe(400);
    expect(reply.headers['retry-after']).toBeUndefined();
  });

  test('HEAD of an endpoint has the code without a body', async () => {
    expect(await send('HEAD', '/validate')).toMatchObject({ status: 405, text: '', headers: { allow: 'POST' } });
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['text', { 'content-type': 'text/plain' }, '415 UnsupportedMediaType: expected content-type: application/json'],
    [
      'YAML',
      { 'content-type': 'application/yaml' },
      '415 UnsupportedMediaType: expected content-type: application/json',
    ],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      '415 UnsupportedMediaType: expected content-type: application/json',
    ],
    [
      'another JSON',
      { 'content-type': 'application/json-patch+json' },
      '415 UnsupportedMediaType: expected content-type: application/json',
    ],
    ['nothing that is said', {}, '415 UnsupportedMediaType: expected content-type: application/json'],
    ['nonsense', { 'content-type': ';;;' }, '415 UnsupportedMediaType: expected content-type: application/json'],
  ])('%s as its type', async (_what, headers, status) => {
    expect(statusOf(await send('POST', '/validate', headers, body(good)))).toBe(status);
  });

  const REFUSED = '400 BadRequest: invalid AdmissionReview:';

  test.each<[string, string]>([
    ['', '400 BadRequest: the body is not valid JSON'],
    ['null', `${REFUSED} /: expected an object, found null`],
    ['[]', `${REFUSED} /: expected an object, found a list`],
    [
      '{}',
      `${REFUSED} /apiVersion: expected admission.k8s.io/v1 or admission.k8s.io/v1beta1, but the field is missing`,
    ],
    [body(good, { uid: 7 }), `${REFUSED} /request/uid: expected a string, found a number`],
    [
      body(good, { object: null }),
      `${REFUSED} /request/object: expected the object of the CREATE, but the field is missing`,
    ],
  ])('%s', async (content, status) => {
    expect(statusOf(await server.post('/validate', content))).toBe(status);
  });

  test('mutate does not fail for an object that validate cannot read', async () => {
    expect(await server.post('/mutate', body(podOf('{containers: 7}')))).toMatchObject({ status: 200 });
  });
});

describe('a bug while a body is read', () => {
  test.each([
    ['at once', 'no JSON'],
    ['in its turn', `no JSON${' '.repeat(100_000)}`],
  ])('is HTTP 500, and no end of the server: %s', async (_when, content) => {
    const own = await startAdmissionServer({ kinds, policies: [] });
    try {
      const { metrics } = own.operations;
      const rejected = metrics.countRejection.bind(metrics);
      Object.assign(metrics, {
        countRejection(code: number): void {
          if (code === 400) throw new TypeError('a bug');
          rejected(code);
        },
      });
      expect(await own.post('/validate', content, { 'content-type': 'application/json' })).toMatchObject({
        status: 500,
      });
      expect(own.failures).toEqual([new TypeError('a bug')]);
      expect(await own.post('/validate', body(good))).toMatchObject({ status: 200 });
    } finally {
      await own.stop();
    }
  });
});

describe('health', () => {
  test('is alive, and ready until told otherwise', async () => {
    expect(await server.get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await server.get('/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
    server.operations.notReady = () => 'shutting down';
    try {
      expect(await server.get('/readyz')).toMatchObject({ status: 503, text: 'shutting down\n' });
      expect(await server.get('/healthz')).toMatchObject({ status: 200 });
      expect(await server.post('/validate', body(good))).toMatchObject({ status: 200 });
    } finally {
      server.operations.notReady = () => undefined;
    }
  });
});

describe('the time that is left', () => {
  const selecting = policyOf(
    '{match: {namespaceSelector: {matchLabels: {env: prod}}}, rules: [{rule: image-digest, onUnknown: deny}]}',
  );
  const hanging: Context = {
    kinds,
    policies: [selecting],
    world: { namespaces: { labelsOf: () => new Promise(() => undefined) } },
  };

  test('is kept, and what could not be known in it is unknown', async () => {
    const slow = await startAdmissionServer(hanging);
    try {
      const start = performance.now();
      const reply = slow.post('/validate?timeout=3s', body(good));
      // Both timers run in this process, so a busy machine delays both.
      expect(await Promise.race([reply, setTimeout(3000, 'the deadline')])).not.toBe('the deadline');
      expect(performance.now() - start).toBeGreaterThan(2000);
      const { status, text } = await reply;
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({
        response: {
          allowed: false,
          status: {
            message: expect.stringContaining('the labels of namespace "default": no response before the deadline'),
          },
        },
      });
      expect(await slow.post('/validate?timeout=1ms', body(good))).toMatchObject({ status: 200 });
    } finally {
      await slow.stop();
    }
  });

  test.each([
    '?timeout=10s',
    '?timeout=',
    '?timeout=soon',
    '?timeout=1s&timeout=2s',
    '?timeout[]=1s',
    '?%00=%zz',
    '?__proto__=1',
  ])('%s does not cause a failure', async (query) => {
    expect(await server.post(`/validate${query}`, body(good))).toMatchObject({ status: 200 });
  });
});

describe('a bug of ours', () => {
  test('is a 500 without retries or details, and does not end the server', async () => {
    let broken = true;
    const { policies } = (await compose({ kinds, policies: [] })).context;
    const failing = await startAdmissionServer({
      kinds,
      get policies() {
        if (broken) throw new Error('a detail of ours');
        return policies;
      },
    });
    try {
      const reply = await failing.post('/validate', body(good));
      expect(statusOf(reply)).toBe('500 InternalError: internal error: no decision; see the tidewaiter log');
      expect(failing.failures).toEqual([new Error('a detail of ours')]);
      broken = false;
      expect(await failing.post('/validate', body(good))).toMatchObject({ status: 200 });
      const { text } = await failing.operations.metrics.exposition();
      expect(text).toContain('tidewaiter_rejected_requests_total{code="500"} 1');
    } finally {
      await failing.stop();
    }
  });
});

describe('metrics', () => {
  test('count answers, findings and rejections, by labels that no client can choose', async () => {
    const own = await startAdmissionServer((await compose({ kinds, policies: [] })).context);
    try {
      await own.post('/validate', body(good));
      await own.post('/validate', body(latest));
      await own.post('/mutate', body(latest, { operation: 'UPDATE' }));
      await own.post('/validate', '{');
      await own.post('/validate', body(good), { 'content-type': 'text/plain' });
      const before = await own.operations.metrics.exposition();
      expect(before.contentType).toMatch(/^text\/plain/);
      const lines = before.text.split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'tidewaiter_reviews_total{endpoint="validate",operation="CREATE",decision="allow"} 1',
          'tidewaiter_reviews_total{endpoint="validate",operation="CREATE",decision="deny"} 1',
          'tidewaiter_reviews_total{endpoint="mutate",operation="UPDATE",decision="allow"} 1',
          'tidewaiter_review_duration_seconds_count{endpoint="validate"} 2',
          'tidewaiter_findings_total{policy="baseline",rule="image-tag",action="deny",outcome="violation"} 1',
          'tidewaiter_rejected_requests_total{code="400"} 1',
          'tidewaiter_rejected_requests_total{code="415"} 1',
          'tidewaiter_build_info{version="0.0.0-test"} 1',
          `tidewaiter_certificate_expiry_timestamp_seconds ${own.certificate.notAfter.getTime() / 1000}`,
          `tidewaiter_certificate_info{fingerprint="${shownFingerprint(new X509Certificate(own.certificate.cert))}"} 1`,
          expect.stringMatching(/^tidewaiter_time_seconds \d{10}(\.\d+)?$/),
        ]),
      );
      for (let index = 0; index < 30; index++) {
        const odd = podOf(`{containers: [{name: c${index}, image: "registry-${index}.io/x"}]}`, `{name: p${index}}`);
        await own.post(
          `/validate?timeout=${index}s`,
          body(odd, { namespace: `n${index}`, name: `p${index}`, userInfo: { username: `u${index}` } }),
        );
      }
      const after = await own.operations.metrics.exposition();
      expect(after.text.split('\n')).toHaveLength(lines.length);
      expect(after.text).not.toContain('registry-');
    } finally {
      await own.stop();
    }
  });
});

describe('connections', () => {
  test('are used again, and kept longer than an API server keeps them', async () => {
    const connection = await open(server);
    for (let index = 0; index < 3; index++) {
      connection.write(head('/validate', Buffer.byteLength(body(good))) + body(good));
      const reply = await connection.reply();
      expect([reply.status, reply.headers.get('connection'), reply.headers.get('keep-alive')]).toEqual([
        200,
        'keep-alive',
        'timeout=120',
      ]);
    }
    connection.end();
  });

  test('go on after a rejection', async () => {
    const connection = await open(server);
    connection.write(
      head('/nowhere', 2) +
        '{}' +
        head('/validate', 1) +
        '{' +
        head('/validate', Buffer.byteLength(body(good))) +
        body(good),
    );
    expect([
      (await connection.reply()).status,
      (await connection.reply()).status,
      (await connection.reply()).status,
    ]).toEqual([404, 400, 200]);
    connection.end();
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('are made with %s', async (version) => {
    const connection = await open(server, { minVersion: version, maxVersion: version });
    expect(connection.socket.getProtocol()).toBe(version);
    connection.end();
  });

  test.each(['TLSv1', 'TLSv1.1'] as const)('are not made with %s', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(open(server, old)).rejects.toThrow(/protocol version|PROTOCOL_VERSION|unsupported/i);
  });

  test('speak HTTP/1.1 and nothing else', async () => {
    const both = await open(server, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(both.socket.alpnProtocol).toBe('http/1.1');
    both.end();
    await expect(open(server, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/i);
    const without = await open(server);
    without.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await without.reply()).toMatchObject({ status: 200 });
    without.end();
  });

  test('cannot be established by a client that does not know who signed the certificate', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    const error = await new Promise<Error>((resolve) => void socket.once('error', resolve));
    expect(error.message).toMatch(/self-signed|unable to (get|verify)/);
  });
});

describe('a server that stops', () => {
  test('answers what it has begun, says that it is the last, and closes the idle', async () => {
    let ask: (() => void) | undefined;
    let release: (() => void) | undefined;
    const lookupStarted = new Promise<void>((resolve) => (ask = resolve));
    const answered = new Promise<void>((resolve) => (release = resolve));
    const stopping = await startAdmissionServer({
      kinds,
      policies: [policyOf('{match: {namespaceSelector: {matchLabels: {env: prod}}}, rules: [{rule: image-digest}]}')],
      world: {
        namespaces: {
          async labelsOf() {
            ask?.();
            await answered;
            return { state: 'yes', value: { env: 'prod' } };
          },
        },
      },
    });
    const idle = await open(stopping);
    idle.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
    await idle.reply();
    const busy = await open(stopping);
    busy.write(head('/validate', Buffer.byteLength(body(good))) + body(good));
    await lookupStarted;
    const stopped = stopping.stop();
    await idle.closed;
    release?.();
    const reply = await busy.reply();
    expect([reply.status, reply.headers.get('connection')]).toEqual([200, 'close']);
    expect(JSON.parse(reply.text)).toMatchObject({ response: { allowed: false } });
    await busy.closed;
    await stopped;
    await expect(open(stopping)).rejects.toThrow('ECONNREFUSED');
  });
});
