/** Hostile input as data: a right answer or a clear rejection, and the next normal request is answered. */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { answerFaults } from '../admission/answer-checks.ts';
import { podOf } from '../admission/decide.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { type TestServer, type Reply, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';
import { head, open } from './raw-http.ts';

const UID = '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11';
const LIMIT = 8 * 1024 * 1024;

let server: TestServer;
beforeAll(async () => {
  const { context } = await compose({ kinds, policies: [] });
  // Every rule speaks, with every action.
  const loud = policyOf(
    '{rules: [{rule: image-registry, action: deny, parameters: {allow: [registry.example.com/**]}}, {rule: image-digest, action: deny}, {rule: image-pull-policy, action: warn, parameters: {when: all}}, {rule: container-ports, action: warn, parameters: {hostPort: false, namesRequired: true}}]}',
  );
  server = await startAdmissionServer({ ...context, policies: [...context.policies, loud] });
});
afterAll(() => server.stop());

const normal = JSON.stringify(
  createReview(
    podOf(
      '{containers: [{name: web, image: "registry.example.com/web:1@sha256:' +
        'a'.repeat(64) +
        '", imagePullPolicy: Always}]}',
    ),
  ),
);

let failuresBefore = 0;
afterEach(async () => {
  const { text } = await server.post('/validate', normal);
  if (!text.includes(`"uid":"${UID}","allowed":true`))
    throw new Error(`the next normal request was answered with ${text}`);
  const [failure] = server.failures.slice(failuresBefore);
  failuresBefore = server.failures.length;
  if (failure !== undefined) throw failure;
});

/** `200 allowed`, `200 denied`, or the code and message of the rejection. */
async function post(body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<string> {
  return summary(await server.post('/validate', body, headers));
}

function summary({ status, text }: Reply): string {
  const value = JSON.parse(text) as { readonly message?: string; readonly response?: { readonly allowed: boolean } };
  if (status !== 200) return `${status} ${value.message}`;
  expect(answerFaults(text, { apiVersion: 'admission.k8s.io/v1', uid: UID, endpoint: 'validate' })).toEqual([]);
  return `200 ${value.response?.allowed === true ? 'allowed' : 'denied'}`;
}

/** The text of a review of a Pod, with raw JSON at some places. */
function review(
  {
    metadata = '{"name":"p"}',
    spec = '{}',
    object = `{"metadata":${metadata},"spec":${spec}}`,
    more = '',
  }: Partial<Record<'metadata' | 'spec' | 'object' | 'more', string>>,
  type = '{"group":"","version":"v1","kind":"Pod"}',
): string {
  return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"${UID}","kind":${type},"operation":"CREATE","namespace":"shop","name":"p","object":${object}${more}}}`;
}

const CONTAINER =
  '{"name":"c","image":"registry.example.com/c:1@sha256:' + 'a'.repeat(64) + '","imagePullPolicy":"Always"}';
const nested = (levels: number, open_: string, inside: string, close: string): string =>
  open_.repeat(levels) + inside + close.repeat(levels);
const many = (count: number, item: string | ((index: number) => string)): string =>
  Array.from({ length: count }, (_, index) => (typeof item === 'string' ? item : item(index))).join(',');
const filled = (before: string, after: string, bytes = LIMIT): string =>
  before + 'x'.repeat(bytes - before.length - after.length) + after;

describe('depth', () => {
  const LEVELS = 100_000;
  const NO_REVIEW = '400 invalid AdmissionReview:';
  const TOO_DEEP = '413 values are nested more than 1000 levels deep';
  const TOO_MUCH_MEMORY = '413 the AdmissionReview has so many values that parsing it takes more than 24 MiB of memory';
  const deepPod = (levels: number): string =>
    review({ spec: `{"containers":[${CONTAINER}],"affinity":${nested(levels, '{"a":', '1', '}')}}` });

  test.each<[string, string, string]>([
    ['of the whole body, lists', nested(LEVELS, '[', '', ']'), TOO_DEEP],
    ['of the whole body, objects', nested(LEVELS, '{"a":', '1', '}'), TOO_DEEP],
    ['of the whole body, 8 MiB of it', nested(LIMIT / 2, '[', '', ']'), TOO_MUCH_MEMORY],
    ['of a small body, lists', nested(30_000, '[', '', ']'), `${NO_REVIEW} /: expected an object, found a list`],
    [
      'of a small body, objects',
      nested(10_000, '{"a":', '1', '}'),
      `${NO_REVIEW} /apiVersion: expected admission.k8s.io/v1 or admission.k8s.io/v1beta1, but the field is missing`,
    ],
    ['that never ends', '['.repeat(LEVELS), TOO_DEEP],
    ['that never ends, in a small body', '['.repeat(30_000), '400 the body is not valid JSON'],
    ['of the request', review({ more: `,"options":${nested(LEVELS, '{"a":', '1', '}')}` }), '200 denied'],
    ['of a label', review({ metadata: `{"name":"p","labels":{"a":${nested(LEVELS, '[', '', ']')}}}` }), '200 denied'],
    ['of the spec', deepPod(LEVELS), '200 denied'],
    ['of the spec, as deep as is read', deepPod(990), '200 allowed'],
    ['of the spec, in a small body', deepPod(9000), '200 allowed'],
    ['of an image', review({ spec: `{"containers":[{"image":${nested(LEVELS, '[', '', ']')}}]}` }), '200 denied'],
    ['of the name', review({ metadata: `{"name":${nested(LEVELS, '{"a":', '1', '}')}}` }), '200 denied'],
    ['of the uid', normal.replace(`"${UID}"`, nested(LEVELS, '[', '', ']')), TOO_DEEP],
    [
      'of the uid, in a small body',
      normal.replace(`"${UID}"`, nested(9000, '[', '', ']')),
      `${NO_REVIEW} /request/uid: expected a string, found a list`,
    ],
  ])('%s', async (_what, body, answer) => {
    expect(await post(body)).toBe(answer);
  });
});

describe('keys', () => {
  const proto = '{"containers":[{"name":"evil","image":"evil.io/x"}],"allowed":true,"spec":{},"uid":"x"}';

  test.each<[string, string, string]>([
    [
      '__proto__ of the body',
      normal.replace('{', `{"__proto__":${proto},"constructor":{"prototype":${proto}},`),
      '200 allowed',
    ],
    [
      '__proto__ of the request',
      normal.replace('"request":{', `"request":{"__proto__":${proto},"constructor":${proto},`),
      '200 allowed',
    ],
    [
      '__proto__ of the object',
      review({
        object: `{"__proto__":${proto},"constructor":1,"toString":2,"metadata":{"name":"p","__proto__":3},"spec":{"__proto__":${proto},"containers":[${CONTAINER}]}}`,
      }),
      '200 allowed',
    ],
    [
      '__proto__ instead of the spec',
      review({ object: `{"__proto__":{"spec":{"containers":[{"image":"evil.io/x"}]}}}` }),
      '200 allowed',
    ],
    [
      '__proto__ of a container',
      review({ spec: `{"containers":[{"__proto__":{"image":"evil.io/x"},"name":"c","image":"evil.io/x"}]}` }),
      '200 denied',
    ],
    ['a kind of that name', review({}, '{"group":"","version":"v1","kind":"__proto__"}'), '200 allowed'],
    ['a group of that name', review({}, '{"group":"constructor","version":"v1","kind":"toString"}'), '200 allowed'],
    [
      'the last image of two',
      review({ spec: '{"containers":[{"name":"c","image":"registry.example.com/c:1","image":"evil.io/x"}]}' }),
      '200 denied',
    ],
    [
      'the last spec of two',
      review({ object: `{"spec":{"containers":[{"image":"evil.io/x"}]},"spec":{"containers":[${CONTAINER}]}}` }),
      '200 allowed',
    ],
    [
      'the last operation of two',
      normal.replace('"operation":"CREATE"', '"operation":"DELETE","operation":"CREATE","operation":"CONNECT"'),
      '200 allowed',
    ],
    [
      'the same fields in other case',
      review({ spec: '{"Containers":[{"image":"evil.io/x"}],"CONTAINERS":1}' }),
      '200 allowed',
    ],
    [
      'a million of them',
      review({
        metadata: `{"name":"p","annotations":{${many(500_000, (index) => `"k${index}":""`)}}}`,
        spec: `{"containers":[${CONTAINER}]}`,
      }),
      '200 denied',
    ],
    [
      'one of a megabyte in the place of an image',
      review(
        {
          spec: `{"tfReplicaSpecs":{"${'k'.repeat(1_000_000)}":{"template":{"spec":{"initContainers":[${many(100_000, '{}')}]}}}}}`,
        },
        '{"group":"kubeflow.org","version":"v1","kind":"TFJob"}',
      ),
      '200 denied',
    ],
  ])('%s', async (_what, body, answer) => {
    expect(await post(body)).toBe(answer);
  });
});

describe('size', () => {
  test('of the limit itself is read', async () => {
    const [before, after] = review({
      metadata: '{"name":"p","annotations":{"a":"#"}}',
      spec: `{"containers":[${CONTAINER}]}`,
    }).split('#');
    expect(await post(filled(before ?? '', after ?? ''))).toBe('200 allowed');
    expect(await post(filled(before ?? '', after ?? '', LIMIT + 1))).toBe('200 denied');
  });

  test.each<[string, string, string]>([
    ['containers', review({ spec: `{"containers":[${many(2_700_000, '{}')}]}` }), '200 denied'],
    [
      'containers with bad images',
      review({ spec: `{"containers":[${many(50_000, '{"image":"A:"}')}]}` }),
      '200 denied',
    ],
    [
      'containers with names',
      review({
        spec: `{"initContainers":[${many(20_000, (index) => `{"name":"c${index}","image":"evil.io/${index}"}`)}]}`,
      }),
      '200 denied',
    ],
    [
      'ports',
      review({ spec: `{"containers":[{"image":"a","ports":[${many(49_000, '{"containerPort":80}')}]}]}` }),
      '200 denied',
    ],
    ['more ports', review({ spec: `{"containers":[{"image":"a","ports":[${many(1_000_000, '{}')}]}]}` }), '200 denied'],
    [
      'images outside of a pod',
      review(
        { spec: `{"images":[${many(1_000_000, '"a"')}]}` },
        '{"group":"apps.kruise.io","version":"v1alpha1","kind":"ImageListPullJob"}',
      ),
      '200 denied',
    ],
    [
      'pull secrets',
      review({ spec: `{"containers":[${CONTAINER}],"imagePullSecrets":[${many(500_000, '{"name":"a"}')}]}` }),
      '200 denied',
    ],
    ['volumes', review({ spec: `{"containers":[${CONTAINER}],"volumes":[${many(1_000_000, '{}')}]}` }), '200 denied'],
    ['one image', review({ spec: `{"containers":[{"name":"c","image":"${'a/'.repeat(4_000_000)}a"}]}` }), '200 denied'],
    [
      'one host',
      review({ spec: `{"containers":[{"name":"c","image":"${'a.'.repeat(4_000_000)}io/b:1"}]}` }),
      '200 denied',
    ],
    [
      'forty hosts',
      review({ spec: `{"containers":[${many(40, `{"name":"c","image":"${'a.'.repeat(100_000)}io/b:1"}`)}]}` }),
      '200 denied',
    ],
    [
      'one name of a container',
      review({ spec: `{"containers":[{"name":"${'n'.repeat(8_000_000)}","image":"evil.io/x"}]}` }),
      '200 denied',
    ],
    [
      'one protocol',
      review({
        spec: `{"containers":[{"name":"c","image":"evil.io/x","ports":[{"containerPort":1,"protocol":"${'P'.repeat(8_000_000)}"}]}]}`,
      }),
      '200 denied',
    ],
    [
      'one pull policy',
      review({
        spec: `{"containers":[{"name":"c","image":"evil.io/x","imagePullPolicy":"${'P'.repeat(8_000_000)}"}]}`,
      }),
      '200 denied',
    ],
    [
      'the object’s name',
      review({ spec: '{"containers":[{"image":"evil.io/x"}]}' }).replace(
        '"name":"p","object"',
        `"name":"${'n'.repeat(8_000_000)}","object"`,
      ),
      '200 denied',
    ],
    [
      'the namespace',
      review({ spec: '{"containers":[{"image":"evil.io/x"}]}' }).replace(
        '"namespace":"shop"',
        `"namespace":"${'n'.repeat(8_000_000)}"`,
      ),
      '200 denied',
    ],
    [
      'groups of the user',
      review({
        spec: `{"containers":[${CONTAINER}]}`,
        more: `,"userInfo":{"username":"jane","groups":[${many(1_000_000, '"g"')}]}`,
      }),
      '200 denied',
    ],
    [
      'hooks in an annotation',
      review(
        {
          metadata: `{"annotations":{"hooks.kubevirt.io/hookSidecars":${JSON.stringify(`[${many(200_000, '{"image":"A:"}')}]`)}}}`,
        },
        '{"group":"kubevirt.io","version":"v1","kind":"VirtualMachineInstance"}',
      ),
      '200 denied',
    ],
    [
      'numbers',
      review({
        spec: `{"containers":[{"name":"c","image":"evil.io/x","ports":[{"containerPort":1${'0'.repeat(1_000_000)}},{"containerPort":-1e400}]}]}`,
      }),
      '200 denied',
    ],
  ])('of eight megabytes or less of %s', { timeout: 20_000 }, async (_what, body, answer) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LIMIT);
    expect(await post(body)).toBe(answer);
  });

  test('of an update that is all new', { timeout: 20_000 }, async () => {
    const spec = (registry: string): string =>
      `{"containers":[${many(20_000, (index) => `{"name":"c${index}","image":"${registry}/${index}"}`)}]}`;
    const body = review({
      spec: spec('evil.io'),
      more: `,"oldObject":{"metadata":{"name":"p"},"spec":${spec('old.io')}}`,
    });
    expect(await post(body.replace('"operation":"CREATE"', '"operation":"UPDATE"'))).toBe('200 denied');
  });
});

describe('characters', () => {
  const ODD: readonly (readonly [string, string])[] = [
    ['NUL', '\u0000'],
    ['a line break', '\r\n'],
    ['an escape sequence', '\u001b[31m'],
    ['a C1 control', '\u009b'],
    ['right to left', '\u202e'],
    ['an isolate', '\u2066'],
    ['zero width', '\u200b'],
    ['a soft hyphen', '\u00ad'],
    ['a line separator', '\u2028'],
    ['a lone high surrogate', '\ud800'],
    ['a lone low surrogate', '\udfff'],
    ['surrogates the wrong way round', '\udfff\ud800'],
    ['a byte order mark', '\ufeff'],
    ['a tag character', '\u{e0041}'],
    ['a private character', '\ue000'],
    ['emoji', '😀'.repeat(200)],
    ['quotes and backslashes', '"\\"\\\\'],
  ];

  test.each(ODD)('%s in every value and key that an answer could repeat', async (_what, odd) => {
    const text = `a${odd}b`;
    const container = {
      name: text,
      image: text,
      imagePullPolicy: text,
      ports: [
        { containerPort: 1, protocol: text, name: text },
        { containerPort: 1, protocol: text },
      ],
    };
    const pod = {
      metadata: { name: text, generateName: text },
      spec: {
        containers: [container, { ...container, image: 'evil.io/x' }],
        volumes: [{ name: text, image: { reference: text, pullPolicy: text } }],
      },
    };
    const tasks = {
      metadata: { name: text },
      spec: { tasks: { [text]: { container: { image: text } }, [`${text}2`]: { container: { image: 'evil.io/x' } } } },
    };
    const tfJob = { spec: { tfReplicaSpecs: { [text]: { template: { spec: { containers: 7 } } } } } };
    for (const [kind, group, object, answer] of [
      ['Pod', '', pod, '200 denied'],
      ['WorkflowTaskSet', 'argoproj.io', tasks, '200 denied'],
      ['TFJob', 'kubeflow.org', tfJob, '200 denied'],
    ] as const) {
      const body = JSON.stringify(
        createReview(
          { apiVersion: 'v1', kind: 'X', ...(object as JsonObject) },
          {
            kind: { group, version: 'v1', kind },
            name: text,
            namespace: text,
            userInfo: { username: text, groups: [text] },
          },
        ),
      );
      expect(await post(body)).toBe(answer);
    }
  });

  test('that are no UTF-8 are read as the API server reads them, and shown as such', async () => {
    const [before = '', after = ''] = review({ spec: '{"containers":[{"name":"c","image":"evil.io/#"}]}' }).split('#');
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      expect(await post(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]))).toBe(
        '200 denied',
      );
    }
  });

  test.each<[string, Buffer]>([
    ['UTF-16', Buffer.from(normal, 'utf16le')],
    ['a byte order mark before the JSON', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(normal)])],
    ['binary', Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256))],
    ['NUL bytes after the JSON', Buffer.concat([Buffer.from(normal), Buffer.alloc(10)])],
    ['two documents', Buffer.from(`${normal}\n${normal}`)],
    ['gzip that says so', gzipSync(normal)],
    ['gzip of zeros', gzipSync(Buffer.alloc(LIMIT * 4))],
  ])('%s is not JSON', async (_what, body) => {
    expect(await post(body, { 'content-encoding': 'gzip' })).toMatch(
      /^400 the body is not valid JSON(, at character \d+)?$/,
    );
    expect(await post(body)).toMatch(/^400 the body is not valid JSON(, at character \d+)?$/);
  });

  test('no rejection repeats the body', async () => {
    expect(await post('{"data": {"password": hunter2}}')).toMatch(
      /^400 the body is not valid JSON(, at character \d+)?$/,
    );
  });

  test('truncated JSON is not a review', async () => {
    for (let length = 0; length < normal.length; length += 37) {
      expect(await post(normal.slice(0, length))).toMatch(/^400 the body is not valid JSON/);
    }
  });
});

describe('transport', () => {
  const chunked = [
    'POST /validate HTTP/1.1',
    'host: a',
    'content-type: application/json',
    'transfer-encoding: chunked',
    '',
    '',
  ].join('\r\n');
  const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

  test('a body in chunks is read, one byte each', async () => {
    const connection = await open(server);
    connection.write(chunked + normal.split('').map(chunk).join('') + chunk(''));
    expect(summary(await tell(connection))).toBe('200 allowed');
    connection.end();
  });

  test('reviews that come before the last answer was read are answered in their order, whole or in pieces', async () => {
    const connection = await open(server);
    const whole = head('/validate', Buffer.byteLength(normal)) + normal;
    const uids = ['1', '2', '3', '4'];
    const all = uids.map((uid) => whole.replace(UID, uid.padEnd(UID.length, '-'))).join('');
    const cut = Math.floor(whole.length * 2.5);
    connection.write(all.slice(0, cut));
    const first = [await connection.reply(), await connection.reply()];
    connection.write(all.slice(cut));
    const answered = [...first, await connection.reply(), await connection.reply()];
    const uidOf = ({ text }: { readonly text: string }): string =>
      (JSON.parse(text) as { response: { uid: string } }).response.uid;
    expect(answered.map(uidOf)).toEqual(uids.map((uid) => uid.padEnd(UID.length, '-')));
    connection.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
    expect((await connection.reply()).status).toBe(200);
    connection.end();
  });

  test('what is sent to other routes is read to its end, and the connection goes on', async () => {
    const connection = await open(server);
    connection.write(
      head('/other', 100_000) + 'x'.repeat(100_000) + head('/validate', Buffer.byteLength(normal)) + normal,
    );
    expect((await connection.reply()).status).toBe(404);
    expect(summary(await tell(connection))).toBe('200 allowed');
    connection.end();
  });

  test('a body in chunks without an end is rejected at the limit', async () => {
    const connection = await open(server);
    connection.write(chunked);
    const part = chunk('x'.repeat(64 * 1024));
    for (let sent = 0; sent <= LIMIT + 64 * 1024 && connection.socket.writable; sent += 64 * 1024)
      connection.write(part);
    const reply = await tell(connection);
    expect(reply.status).toBe(413);
    connection.end();
  });

  test('a body that says that it is too long is rejected before it comes', async () => {
    const connection = await open(server);
    connection.write(head('/validate', 64 * 1024 * 1024 + 1));
    expect((await connection.reply()).status).toBe(413);
    connection.end();
  });

  test('a body that comes slowly is waited for, while others are answered', async () => {
    const connection = await open(server);
    connection.write(head('/validate', Buffer.byteLength(normal)));
    for (let index = 0; index < normal.length; index += 400) {
      connection.write(normal.slice(index, index + 400));
      expect(await post(normal)).toBe('200 allowed');
    }
    expect(summary(await tell(connection))).toBe('200 allowed');
    connection.end();
  });

  test('connections that end in the middle of a body leave nothing behind', async () => {
    const reviewsBefore = server.reviews.length;
    for (let index = 0; index < 20; index++) {
      const connection = await open(server);
      connection.write(head('/validate', Buffer.byteLength(normal)) + normal.slice(0, 100));
      connection.end();
    }
    expect(await post(normal)).toBe('200 allowed');
    expect(server.reviews.length).toBe(reviewsBefore + 1);
  });

  test.each<[string, string, number]>([
    [
      'two lengths',
      `POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x`,
      400,
    ],
    [
      'a length and chunks',
      `POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'a negative length',
      `POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n`,
      400,
    ],
    ['no host', 'POST /validate HTTP/1.1\r\ncontent-length: 0\r\n\r\n', 400],
    ['a header of 100 KiB', `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(100 * 1024)}\r\n\r\n`, 431],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['HTTP/2 without being asked', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ])('%s is rejected', async (_what, bytes, status) => {
    const connection = await open(server);
    connection.write(bytes);
    expect((await connection.reply()).status).toBe(status);
    await connection.closed;
  });
});

async function tell(connection: Awaited<ReturnType<typeof open>>): Promise<Reply> {
  const { status, headers, text } = await connection.reply();
  return { status, headers: Object.fromEntries(headers), text };
}

test.each([
  ['in the middle of a body', head('/validate', 5000) + normal.slice(0, 200)],
  ['in the middle of a body that is rejected', head('/validate', LIMIT + 1) + 'x'.repeat(70_000)],
  ['in the middle of a body of no type', head('/validate', 5000).replace(/content-type: .*\r\n/, '') + '{'],
])('a client that disconnects %s is not an error', async (_when, bytes) => {
  const connection = await open(server);
  connection.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 50));
  connection.socket.destroy();
  await connection.closed;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.failures).toHaveLength(failuresBefore);
});
