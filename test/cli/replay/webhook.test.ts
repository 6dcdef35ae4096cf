/** `replay --to`: answers of webhooks, ours and others, compared with recordings; whatever a webhook sends, it is counted. */
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generationOf } from '../../../src/cli/generation-hash.ts';
import { run } from '../../../src/cli/program.ts';
import { loopbackLookup } from '../../../src/cli/replay/webhook/loopback.ts';
import { createPace } from '../../../src/cli/replay/webhook/pace.ts';
import { loadConfig } from '../../../src/config/config.ts';
import type { ReplayDocument } from '../../../src/report/replay/json.ts';
import { compose } from '../../../src/wiring.ts';
import { type Authority, createAuthority } from '../../cluster/certificates.ts';
import { recordedReview } from '../../recording/lines.ts';
import { startAdmissionServer, type TestServer } from '../../support/admission-server.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { createReview } from '../../support/review.ts';

const RECORDINGS = path.resolve('test/recordings');
inOwnFolders('replay-webhook');

interface Review {
  readonly apiVersion: string;
  readonly request: { readonly uid: string; readonly dryRun?: boolean; readonly name: string };
}

type Answer = (review: Review, response: ServerResponse, url: string) => void;

let authority: Authority;
let server: Server;
let answer: Answer;
let received: { readonly url: string; readonly review: Review }[] = [];
let connections = 0;

beforeAll(async () => {
  authority = await createAuthority();
  const pair = await authority.serverCertificate(['127.0.0.1', 'localhost', 'webhook.example.svc']);
  server = createServer(pair, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(pieces).toString()) as Review;
      received.push({ url: request.url ?? '', review });
      answer(review, response, request.url ?? '');
    });
  });
  server.on('secureConnection', () => (connections += 1));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  received = [];
  connections = 0;
});

const portOf = (): number => (server.address() as AddressInfo).port;
const urlOf = (suffix = ''): string => `https://127.0.0.1:${portOf()}${suffix}`;

const allowed = { allowed: true };

function responding(response: object, rest: object = {}): Answer {
  return ({ apiVersion, request: { uid } }, http) =>
    void http.end(JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: { uid, ...response }, ...rest }));
}

const text =
  (body: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_review, http) =>
    void http.writeHead(status, headers).end(body);

interface Result {
  readonly code: number;
  readonly note: string;
  readonly report: ReplayDocument;
}

async function replay(lines: readonly string[], ...flags: readonly string[]): Promise<Result> {
  writeFileSync('ca.crt', authority.cert);
  writeFileSync('a.ndjson', lines.map((line) => `${line}\n`).join(''));
  const to = flags.includes('--to') ? [] : ['--to', urlOf('/validate')];
  const trust = flags.some((flag) => flag.startsWith('--insecure')) ? [] : ['--ca', 'ca.crt'];
  const argv = ['replay', 'a.ndjson', ...to, ...trust, '--rate', '1000', '-o', 'json', '--all', ...flags];
  const { code, out, note } = await runCommand(argv);
  return { code, note, report: (out === '' ? {} : JSON.parse(out)) as ReplayDocument };
}

const line = (rest: Parameters<typeof recordedReview>[0] = {}): string => JSON.stringify(recordedReview(rest));

describe('our own server', () => {
  let own: TestServer;
  beforeAll(async () => {
    const loaded = await loadConfig({}, {});
    const composed = await compose(loaded.config);
    own = await startAdmissionServer({ ...composed.context, generation: generationOf(loaded, composed, '') });
  });
  afterAll(() => own.stop());

  test('answers as the policies decide here, byte for byte', async () => {
    writeFileSync('ca.crt', own.certificate.ca ?? '');
    const argv = ['--now', '2027-03-01', '-o', 'json', '--all'];
    const here = await runCommand(['replay', RECORDINGS, ...argv]);
    const there = await runCommand([
      'replay',
      RECORDINGS,
      ...argv,
      '--to',
      own.url,
      '--ca',
      'ca.crt',
      '--rate',
      '1000',
    ]);
    const [one, other] = [here, there].map(({ out }) => JSON.parse(out) as ReplayDocument);
    expect(there.code).toBe(0);
    expect(other?.reviews.map(({ file, answers }) => [file, answers])).toEqual(
      one?.reviews.map(({ file, answers }) => [file, answers]),
    );
    expect(other?.reviews).toHaveLength(readdirSync(RECORDINGS).filter((name) => name.endsWith('.json')).length);
  });

  test('does not differ from the policies that it has', async () => {
    writeFileSync('ca.crt', own.certificate.ca ?? '');
    const policy = path.resolve(RECORDINGS, '../../manifests/policies/baseline.yaml');
    const argv = [RECORDINGS, '--to', own.url, '--ca', 'ca.crt', '--rate', '1000'];
    const { code, out } = await runCommand(['replay', ...argv, '--policy', policy]);
    expect(out).toMatch(/^Of 31 reviews, none differs\.\n/);
    expect(out).toContain(`from policy ${policy} to webhook ${own.url}\n`);
    expect(code).toBe(0);
  });
});

describe('the answer of another webhook', () => {
  test.each<[string, Answer, ReturnType<typeof line>, string | null]>([
    ['is the same', responding(allowed), line(), 'same'],
    ['is newly denied', responding({ allowed: false, status: { message: 'no' } }), line(), 'newly-denied'],
    ['is newly allowed', responding(allowed), line({ response: { allowed: false } }), 'newly-allowed'],
    [
      'has another message',
      responding({ allowed: false, status: { message: 'b' } }),
      line({ response: { allowed: false, status: { message: 'a' } } }),
      'message',
    ],
    ['has other warnings', responding({ ...allowed, warnings: ['w'] }), line(), 'message'],
    ['has nothing to compare with', responding(allowed), line({ response: undefined }), null],
    [
      'has empty fields, as in Go',
      responding({ ...allowed, patch: null, warnings: null, status: null }),
      line(),
      'same',
    ],
  ])('%s', async (_name, given, recorded, change) => {
    answer = given;
    const { report } = await replay([recorded]);
    expect(report.errors).toEqual([]);
    expect(report.reviews.map((row) => row.change)).toEqual([change]);
  });

  test('can have another patch', async () => {
    const patch = Buffer.from(JSON.stringify([{ op: 'remove', path: '/b' }])).toString('base64');
    answer = responding({ ...allowed, patchType: 'JSONPatch', patch });
    const recorded = line({
      endpoint: 'mutate',
      response: { allowed: true, patch: [{ op: 'remove', path: '/a' }] },
    });
    const { code, report } = await replay([recorded], '--endpoint', 'mutate');
    expect(code).toBe(1);
    expect(report.reviews).toMatchObject([{ change: 'patch', after: { patch: [{ op: 'remove', path: '/b' }] } }]);
  });

  test('is compared with what a review expects', async () => {
    answer = responding({ allowed: false, status: { message: 'no' } });
    writeFileSync('ca.crt', authority.cert);
    const review = createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: {} });
    writeFileSync(
      'a.json',
      JSON.stringify([
        { review, expected: { allowed: true } },
        { review, expected: { allowed: false } },
      ]),
    );
    const argv = ['replay', 'a.json', '--to', urlOf('/check'), '--ca', 'ca.crt', '-o', 'json', '--all'];
    const { code, out } = await runCommand(argv);
    const { reviews } = JSON.parse(out) as ReplayDocument;
    expect(code).toBe(1);
    expect(reviews.map(({ change }) => change)).toEqual(['newly-denied', 'same']);
    expect(reviews[0]?.differences?.[0]?.text).toBe('expected to be allowed, is denied: no');
  });

  test('stays text in a terminal, and is cut', async () => {
    answer = responding({ allowed: false, status: { message: `\u001B[2Jx\u202E${'y'.repeat(10_000)}` } });
    const { report } = await replay([line()]);
    const message = report.reviews[0]?.after?.message ?? '';
    expect(message.startsWith('\\u001b[2Jx\\u202e')).toBe(true);
    expect(message.length).toBeLessThan(4100);
  });
});

describe('what is no answer is counted, and the others are compared', () => {
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
  const deep = (count: number): string => '['.repeat(count) + ']'.repeat(count);
  const patchOf = (patch: string): object => ({ ...allowed, patch: Buffer.from(patch).toString('base64') });

  test.each<[string, Answer, string]>([
    ['HTTP 500', text('oops', 500), 'returned HTTP 500'],
    ['HTTP 404', text('', 404), 'returned HTTP 404'],
    ['HTTP 204', text('', 204), 'returned HTTP 204'],
    [
      'a redirect',
      text('', 302, { location: 'https://169.254.169.254/latest' }),
      'returned HTTP 302, a redirect to "https://169.254.169.254/latest", which is not followed',
    ],
    ['nothing', text(''), 'returned nothing'],
    ['HTML', text('<html>'), 'returned no JSON'],
    ['a list', text('[]'), 'returned a list, and not an AdmissionReview'],
    [
      'another object',
      text('{"kind":"Status","apiVersion":"v1"}'),
      'returned "Status" of "v1" instead of an AdmissionReview',
    ],
    ['no response', text(JSON.stringify(review)), 'returned an AdmissionReview without a response'],
    [
      'another UID',
      text(JSON.stringify({ ...review, response: { uid: 'x', allowed: true } })),
      'returned the UID "x" instead of "5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11"',
    ],
    [
      'no UID',
      text(JSON.stringify({ ...review, response: { allowed: true } })),
      'returned no UID instead of "5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11"',
    ],
    ['no decision', responding({}), 'returned an invalid response: response: "allowed" is required'],
    [
      'warnings that are text',
      responding({ ...allowed, warnings: 'w' }),
      'returned an invalid response: response.warnings: expected a list, found a string',
    ],
    [
      'a patch of a validating webhook',
      responding(patchOf('[]')),
      'returned a patch, which a validating webhook must not have',
    ],
    ['a patch that is not base64', responding({ ...allowed, patch: '%' }), 'returned a patch that is not base64'],
    ['a patch that is no JSON', responding(patchOf('{')), 'returned a patch that is no JSON'],
    ['a patch that is an object', responding(patchOf('{}')), 'returned a patch that is not a JSON Patch'],
    [
      'a deep patch',
      responding(patchOf(deep(200))),
      'returned a patch that is JSON that is nested more than 100 levels deep',
    ],
    ['deep JSON', text(deep(100_000)), 'returned JSON that is nested more than 100 levels deep'],
    ['a huge body', text(Buffer.alloc(5 * 1024 * 1024, 0x20)), 'sent more than 4 MiB'],
    [
      'a body that never ends',
      (_review, http) => {
        const write = (): void => {
          if (!http.destroyed) http.write(Buffer.alloc(64 * 1024, 0x20), () => setImmediate(write));
        };
        write();
      },
      'sent more than 4 MiB',
    ],
    ['silence', () => undefined, 'did not respond within 1 s'],
    [
      'a slow body',
      (_review, http) => {
        const timer = setInterval(() => http.write(' '), 50);
        http.on('close', () => clearInterval(timer));
      },
      'did not respond within 1 s',
    ],
    ['a closed connection', (_review, http) => void http.socket?.destroy(), 'closed the connection (ECONNRESET)'],
  ])('%s', async (_name, given, problem) => {
    answer = ({ request, ...rest }, http, url) =>
      (request.name === 'bad' ? given : responding(allowed))({ request, ...rest }, http, url);
    const bad = recordedReview({ id: 'b' });
    const request = { ...(bad.review['request'] as object), name: 'bad' };
    const lines = [
      line({ id: 'a' }),
      JSON.stringify({ ...bad, review: { ...bad.review, request } }),
      line({ id: 'c' }),
    ];
    const { code, report } = await replay(lines, '--timeout', '1s');
    expect(code).toBe(2);
    expect(report.errors).toEqual([
      { file: 'a.ndjson', line: 2, column: 1, document: 2, message: `${urlOf('/validate')} ${problem}` },
    ]);
    expect(report.reviews.map(({ id, change }) => [id, change])).toEqual([
      ['a', 'same'],
      ['c', 'same'],
    ]);
    expect(report.summary).toMatchObject({ reviews: 2, errors: 1 });
  });

  test('an unreachable webhook has one error for each review, and text lists a few', async () => {
    const lines = Array.from({ length: 6 }, (_, at) => line({ id: `a-${at}` }));
    const { code, report } = await replay(lines, '--to', 'https://127.0.0.1:9/validate');
    expect(code).toBe(2);
    expect(report.summary.errors).toBe(6);
    const { out } = await runCommand(['replay', 'a.ndjson', '--to', 'https://127.0.0.1:9/validate', '--rate', '1000']);
    expect(out).toBe(`No review was evaluated.
6 errors.

a.ndjson:1:1  error  https://127.0.0.1:9/validate refused the connection (ECONNREFUSED)
a.ndjson:2:1  error  https://127.0.0.1:9/validate refused the connection (ECONNREFUSED)
a.ndjson:3:1  error  https://127.0.0.1:9/validate refused the connection (ECONNREFUSED)
  and 3 more with this message; --verbose lists them

webhook: https://127.0.0.1:9/validate
`);
  });
});

describe('what is sent', () => {
  test('is each review as an API server sends it, as a dry run', async () => {
    answer = responding(allowed);
    await replay([line()]);
    expect(received).toEqual([
      {
        url: '/validate?timeout=10s',
        review: {
          ...recordedReview().review,
          request: { ...(recordedReview().review['request'] as object), dryRun: true },
        },
      },
    ]);
    await replay([line()], '--as-recorded', '--timeout', '5s');
    expect(received[1]).toMatchObject({ url: '/validate?timeout=5s', review: { request: { dryRun: false } } });
  });

  test('goes to the endpoints of tidewaiter if the URL has no path', async () => {
    answer = responding(allowed);
    await replay([line({ id: 'a' }), line({ id: 'b', endpoint: 'mutate' })], '--to', urlOf());
    expect(received.map(({ url }) => url)).toEqual(['/validate?timeout=10s', '/mutate?timeout=10s']);
  });

  test('is only the reviews of the webhook, of the namespaces, and until the time', async () => {
    answer = responding(allowed);
    const lines = [
      line({ id: 'a' }),
      line({ id: 'b', endpoint: 'mutate' }),
      line({ id: 'c', time: '2027-03-02T12:00:00.000Z' }),
      line({
        id: 'd',
        review: createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'pay' } }),
      }),
    ];
    const { report } = await replay(lines, '--namespace', 'shop', '--until', '2027-03-01T13:00:00Z');
    expect(received).toHaveLength(1);
    expect(report.reviews.map(({ id }) => id)).toEqual(['a']);
  });

  test('is the part of a shard, and the results are merged', async () => {
    answer = responding(allowed);
    const lines = Array.from({ length: 12 }, (_, at) => line({ id: `a-${at}` }));
    for (const shard of ['1/2', '2/2']) await replay(lines, '--shard', shard, '--out', 'results');
    expect(received).toHaveLength(12);
    const { code, out } = await runCommand(['replay', '--merge', 'results']);
    expect(code).toBe(0);
    expect(out).toBe(`Of 12 reviews, none differs.\n12 the same.\n\nwebhook: ${urlOf('/validate')}\n`);
  });
});

describe('a webhook of v1beta1', () => {
  const V1BETA1 = 'admission.k8s.io/v1beta1';
  const old: Answer = ({ apiVersion }, http) =>
    void (apiVersion === V1BETA1
      ? http.end(JSON.stringify({ apiVersion: V1BETA1, kind: 'AdmissionReview', response: allowed }))
      : http.end(JSON.stringify({ apiVersion: V1BETA1, kind: 'AdmissionReview', response: { allowed: false } })));

  test('is not compared without its version, which the error names', async () => {
    answer = old;
    const { code, report } = await replay([line()]);
    expect(code).toBe(2);
    expect(report.errors[0]?.message).toBe(
      `${urlOf('/validate')} returned an AdmissionReview of admission.k8s.io/v1beta1 instead of admission.k8s.io/v1; send that version with --review-version v1beta1`,
    );
  });

  test('gets that version, and its answers need no UID', async () => {
    answer = old;
    const { code, report } = await replay([line()], '--review-version', 'v1beta1');
    expect({ code, errors: report.errors }).toEqual({ code: 0, errors: [] });
    expect(received[0]?.review.apiVersion).toBe(V1BETA1);
  });
});

describe('other machines', () => {
  test('are not contacted', async () => {
    const remote = 'is not an address of this machine; the reviews contain objects of your cluster';
    const literal = await replay([line()], '--to', 'https://192.0.2.1/validate');
    expect(literal).toMatchObject({ code: 2, note: expect.stringContaining(`--to: 192.0.2.1 ${remote}`) });
    const mapped = await replay([line()], '--to', 'https://[::ffff:192.0.2.1]/validate');
    expect(mapped).toMatchObject({ code: 2, note: expect.stringContaining(remote) });
  });

  test.each([
    ['192.0.2.1', true],
    ['192.0.2.1', false],
    ['2001:db8::1', true],
  ])('are not contacted if %s is the result of DNS', async (address, all) => {
    const found = await new Promise((resolve) => loopbackLookup(address, { all }, resolve));
    expect(String(found)).toContain(`RemoteAddress: ${address} is not an address of this machine`);
  });

  test('may be localhost by name, which is resolved', async () => {
    answer = responding(allowed);
    const { code } = await replay([line()], '--to', `https://localhost:${portOf()}/validate`);
    expect(code).toBe(0);
  });
});

describe('TLS', () => {
  test('requires a certificate of a known CA', async () => {
    answer = responding(allowed);
    writeFileSync('a.ndjson', line());
    const argv = ['replay', 'a.ndjson', '--to', urlOf('/validate')];
    const { code, out } = await runCommand(argv);
    expect(code).toBe(2);
    expect(out).toContain('has a certificate of an unknown CA; name the file of its CA with --ca (');
    expect(received).toEqual([]);
    expect(await runCommand([...argv, '--insecure-skip-tls-verify'])).toMatchObject({ code: 0 });
  });

  test('checks the name, which can be another', async () => {
    answer = responding(allowed);
    const named = await replay([line()], '--tls-server-name', 'webhook.example.svc');
    expect(named.code).toBe(0);
    const wrong = await replay([line()], '--tls-server-name', 'other.example.svc');
    expect(wrong.code).toBe(2);
    expect(wrong.report.errors[0]?.message).toContain(
      'has a certificate for other names than "other.example.svc"; set --tls-server-name (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
  });
});

describe('a webhook that requires a client certificate', () => {
  let strict: Server;
  let url: string;
  let stranger: Authority;

  beforeAll(async () => {
    stranger = await createAuthority();
    const pair = await authority.serverCertificate(['127.0.0.1']);
    const options = { ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    strict = createServer(options, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      request.resume().on('end', () => response.end(JSON.stringify({ who: subject.CN })));
    });
    await new Promise<void>((resolve) => void strict.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(strict.address() as AddressInfo).port}/validate`;
  });
  afterAll(() => {
    strict.closeAllConnections();
    strict.close();
  });

  async function sent(from: Authority | undefined): Promise<string> {
    const pair = await from?.clientCertificate('api-server', 'system:masters');
    const flags = pair === undefined ? [] : ['--client-cert', 'client.crt', '--client-key', 'client.key'];
    if (pair !== undefined) writeFileSync('client.crt', pair.cert);
    if (pair !== undefined) writeFileSync('client.key', pair.key);
    const { report } = await replay([line()], '--to', url, ...flags);
    return report.errors[0]?.message ?? '';
  }

  test('gets that of --client-cert', async () => {
    // It has read the request, and answers something else than an AdmissionReview.
    expect(await sent(authority)).toContain('AdmissionReview');
  });

  test('says so if it gets none', async () => {
    expect(await sent(undefined)).toContain(
      'requires a client certificate that it trusts; set --client-cert and --client-key (',
    );
  });

  test('does not get a review with the certificate of another CA', async () => {
    // Node.js closes the connection after the handshake.
    expect(await sent(stranger)).toMatch(/requires a client certificate that it trusts|closed the connection/);
  });

  test.each([
    [['--client-cert', 'client.crt'], '--client-cert and --client-key must be set together; --client-key is missing'],
    [['--client-key', 'client.key'], '--client-cert and --client-key must be set together; --client-cert is missing'],
    [
      ['--client-cert', 'absent.crt', '--client-key', 'client.key'],
      'absent.crt: no such file or directory (set by --client-cert)',
    ],
    [['--client-cert', 'client.key', '--client-key', 'client.crt'], 'are the files swapped?'],
    [['--client-cert', 'client.crt', '--client-key', 'other.key'], '(set by --client-key)'],
  ])('%j are an error without the key', async (flags, message) => {
    const [own, other] = [await authority.clientCertificate('a', 'b'), await authority.clientCertificate('a', 'b')];
    writeFileSync('a.ndjson', line());
    for (const [name, pem] of [
      ['client.crt', own.cert],
      ['client.key', own.key],
      ['other.key', other.key],
    ] as const)
      writeFileSync(name, pem);
    const { code, note } = await runCommand(['replay', 'a.ndjson', '--to', url, ...flags]);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) as string });
    expect(note).not.toMatch(/[A-Za-z0-9+/]{40}/);
  });
});

describe('wrong options', () => {
  const to = ['--to', 'https://127.0.0.1:9/validate'];
  test.each([
    [['--to', 'http://127.0.0.1:9'], 'expected an https URL without a user, a query, and a fragment'],
    [['--to', 'https://user:secret@127.0.0.1:9'], 'expected an https URL without a user, a query, and a fragment'],
    [['--rate', '5'], '--rate requires --to URL'],
    [['--insecure-skip-tls-verify'], '--insecure-skip-tls-verify requires --to URL'],
    [['--to', 'https://127.0.0.1:9', '--endpoint', 'mutate'], '--endpoint requires a path in the URL of --to'],
    [[...to, '--against', 'p.yaml'], '--to and --against are both set'],
    [[...to, '--jobs', '2'], '--to and --jobs are both set'],
    [[...to, '--rate', '0'], 'expected a number from 1 to 10000'],
    [[...to, '--timeout', '31s'], 'expected a duration from 1s to 30s'],
    [[...to, '--review-version', 'v2'], 'expected "v1" or "v1beta1"'],
    [[...to, '--ca', 'absent.crt'], 'absent.crt: no such file or directory (set by --ca)'],
  ])('%j are an error', async (flags, message) => {
    writeFileSync('a.ndjson', line());
    const { code, out, note } = await runCommand(['replay', 'a.ndjson', ...flags]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toContain(message);
    expect(note).not.toContain('secret');
  });
});

describe('the pace', () => {
  test('has at most as many connections as it may', async () => {
    let open = 0;
    let most = 0;
    answer = (review, http, url) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        responding(allowed)(review, http, url);
      }, 20);
    };
    const lines = Array.from({ length: 20 }, (_, at) => line({ id: `a-${at}` }));
    const { report } = await replay(lines, '--connections', '3');
    expect(report.summary).toMatchObject({ reviews: 20, errors: 0 });
    expect(most).toBe(3);
    expect(connections).toBeLessThanOrEqual(3);
  });

  test('is the rate, however fast the answers are', async () => {
    let now = 0;
    const waits: number[] = [];
    const pace = createPace({
      perSecond: 20,
      atOnce: 2,
      signal: new AbortController().signal,
      now: () => now,
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    });
    for (let review = 0; review < 4; review += 1) {
      await pace.begin();
      pace.end();
    }
    expect(waits).toEqual([50, 50, 50]);
    now += 10_000;
    await pace.begin();
    // A pause does not allow a burst.
    await pace.begin();
    expect(waits).toEqual([50, 50, 50, 50]);
  });

  test('Ctrl-C prints the answers so far, marked as a part', async () => {
    answer = (review, http, url) => {
      if (received.length === 3) process.emit('SIGINT');
      else responding(allowed)(review, http, url);
    };
    writeFileSync('ca.crt', authority.cert);
    writeFileSync('a.ndjson', Array.from({ length: 50 }, (_, at) => `${line({ id: `a-${at}` })}\n`).join(''));
    let out = '';
    const terminal = {
      out: (part: string) => void (out += part),
      note: () => undefined,
      isTerminal: false,
      colors: false,
      async *input() {
        yield '';
      },
    };
    const argv = ['replay', 'a.ndjson', '--to', urlOf('/validate'), '--ca', 'ca.crt', '--connections', '1'];
    expect(await run([...argv, '--rate', '1000'], terminal)).toBe(2);
    expect(out).toMatch(/^Interrupted: this is the result of a part of the reviews\.\nOf 2 reviews, none differs\.\n/);
    expect(received).toHaveLength(3);
  });
});
