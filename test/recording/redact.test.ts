/** What a recording does not contain, and that nothing else changes. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/admission/context.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { answerText, decisionReview, mutationReview, readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { quoteValue } from '../../src/image/quote.ts';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';
import { redactArguments } from '../../src/recording/redact/arguments.ts';
import { isUnrecorded, redactReview } from '../../src/recording/redact/review.ts';
import { scrubbed } from '../../src/recording/redact/scrub.ts';
import { isRandom, redactText } from '../../src/recording/redact/secret-texts.ts';
import { kindFixtures } from '../pod/fixtures.ts';
import { everyRule, kinds } from '../policy/fixtures.ts';
import { cpuRatio } from '../support/cpu-ratio.ts';
import { createReview } from '../support/review.ts';
import { FIXTURE_RULES, fixturesOf, loadFixture } from '../support/rule-fixtures.ts';
import { leaksIn, planted } from './canaries.ts';

async function answers(review: JsonObject, context: Context): Promise<readonly string[]> {
  const read = readReview(review);
  if (!read.ok) throw new Error(read.problem);
  const { signal } = new AbortController();
  const decision = await validate(read.review.request, context, signal);
  const mutation = await mutate(read.review.request, context, signal);
  return [answerText(decisionReview(read.review, decision)), answerText(mutationReview(read.review, mutation))];
}

const objects = kindFixtures().map(({ object }) => object);
const fixturePolicies = await Promise.all(
  FIXTURE_RULES.filter((rule) => rule !== 'cel').map(async (rule) => {
    const { context } = await loadFixture(rule, fixturesOf(rule)[0] ?? '');
    return context.policies;
  }),
);
/** Each rule with its defaults, and with the parameters of its fixtures. */
const allRules: Context = { kinds, policies: [everyRule, ...fixturePolicies.flat()] };

describe.each(FIXTURE_RULES.filter((rule) => rule !== 'cel'))('the fixtures of %s', (rule) => {
  test.each(fixturesOf(rule))('%s has the same answers when it is redacted', async (file) => {
    const { review, context } = await loadFixture(rule, file);
    expect(await answers(redactReview(review).review, context)).toEqual(await answers(review, context));
  });
});

describe('a redacted review', () => {
  const folder = path.resolve(import.meta.dirname, '../recordings');
  const recordings = readdirSync(folder).filter((file) => file.endsWith('.json'));

  test.each(recordings)('of the API server has the same answers: %s', async (file) => {
    const review = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as JsonObject;
    expect(await answers(redactReview(review).review, allRules)).toEqual(await answers(review, allRules));
  });

  test('of every kind has the same answers', async () => {
    for (const object of objects) {
      const review = createReview(object);
      expect(await answers(redactReview(review).review, allRules)).toEqual(await answers(review, allRules));
    }
  });

  test('of every kind with Pods that look like Secrets has the same answers', async () => {
    for (const object of objects) {
      const review = createReview(withSecrets(object));
      expect(await answers(redactReview(review).review, allRules)).toEqual(await answers(review, allRules));
    }
  });

  test('has no planted secret, in any encoding, and the same answers', async () => {
    await fc.assert(
      fc.asyncProperty(planted(objects), async ({ review, canaries }) => {
        const { review: redacted } = redactReview(review);
        expect(leaksIn(JSON.stringify(redacted), canaries)).toEqual([]);
        expect(await answers(redacted, allRules)).toEqual(await answers(review, allRules));
        expect(redactReview(redacted).review).toEqual(redacted);
      }),
      { numRuns: 300 },
    );
  });
});

/** With the kind and the data of a Secret in each object that has containers, except for the object itself. */
function withSecrets(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, withSecretsIn(value)]));
}

function withSecretsIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecretsIn);
  if (!isObject(value)) return value;
  const inner = withSecrets(value);
  return Array.isArray(inner['containers']) ? { ...inner, kind: 'Secret', data: { a: 'eA==' } } : inner;
}

describe('redaction', () => {
  const container = (rest: object): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    spec: { containers: [{ name: 'a', ...rest }] },
  });
  const at = (rest: string): string => `/request/object/spec/containers/*/${rest}`;
  const cases: readonly (readonly [string, JsonObject, unknown, readonly string[]])[] = [
    [
      'keeps the types of values and the names of references',
      container({
        env: [
          { name: 'A', value: 'x' },
          { name: 'B', value: 5 },
          { name: 'C', value: true },
          { name: 'D', value: '' },
          { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'password' } } },
        ],
        envFrom: [{ secretRef: { name: 's' } }],
      }),
      container({
        env: [
          { name: 'A', value: '[redacted]' },
          { name: 'B', value: 0 },
          { name: 'C', value: false },
          { name: 'D', value: '' },
          { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'password' } } },
        ],
        envFrom: [{ secretRef: { name: 's' } }],
      }),
      [at('env/*/value')],
    ],
    [
      'keeps of Secrets inside an object all but their data, and of their metadata the names',
      {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 's', annotations: { a: 'b' } },
            type: 'Opaque',
            data: { a: 'eA==' },
          },
          { kind: 'Pod', metadata: { name: 'p', labels: { a: 'b' } } },
        ],
      },
      {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'Opaque', data: {} },
          { kind: 'Pod', metadata: { name: 'p', labels: { a: 'b' } } },
        ],
      },
      ['/request/object/items/*/data', '/request/object/items/*/metadata/annotations'],
    ],
    [
      'keeps images beside the data of a Secret',
      { kind: 'X', spec: { kind: 'Secret', stringData: { a: 'b' }, template: { containers: [{ image: 'a:1' }] } } },
      { kind: 'X', spec: { kind: 'Secret', stringData: {}, template: { containers: [{ image: 'a:1' }] } } },
      ['/request/object/spec/stringData'],
    ],
    [
      'reads the items of a SecretList, which have no kind',
      { kind: 'X', spec: { kind: 'SecretList', items: [{ metadata: { name: 's' }, data: { a: 'b' } }] } },
      { kind: 'X', spec: { kind: 'SecretList', items: [{ metadata: { name: 's' }, data: {} }] } },
      ['/request/object/spec/items/*/data'],
    ],
    [
      'reads fields by their name',
      {
        apiVersion: 'v1',
        kind: 'X',
        spec: { dbPassword: 'x', secretName: 's', tokenFile: '/f', parameters: [{ name: 'API_TOKEN', value: 'x' }] },
      },
      {
        apiVersion: 'v1',
        kind: 'X',
        spec: {
          dbPassword: '[redacted]',
          secretName: 's',
          tokenFile: '/f',
          parameters: [{ name: 'API_TOKEN', value: '[redacted]' }],
        },
      },
      ['/request/object/spec/dbPassword', '/request/object/spec/parameters/*/value'],
    ],
    [
      'keeps annotations that decisions read',
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          annotations: { 'tidewaiter.dev/original-images': '{}', 'kubernetes.io/config.mirror': 'a', other: 'x' },
          labels: { token: 'x' },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          annotations: {
            'tidewaiter.dev/original-images': '{}',
            'kubernetes.io/config.mirror': 'a',
            other: '[redacted]',
          },
          labels: { token: 'x' },
        },
      },
      ['/request/object/metadata/annotations/other'],
    ],
  ];

  test.each(cases)('%s', (_name, object, expected, paths) => {
    const { review, redacted } = redactReview(createReview(object));
    expect(isObject(review['request']) && review['request']['object']).toEqual(expected);
    expect(redacted).toEqual(paths);
  });

  test('removes the values of configured fields', () => {
    const { review, redacted } = redactReview(
      createReview(container({ args: ['a'], tty: true })),
      new Set(['args', 'tty', 'groups']),
    );
    expect(JSON.stringify(review)).toContain('"args":[],"tty":false');
    expect(redacted).toEqual([at('args'), at('tty'), '/request/userInfo/groups']);
  });

  test('is never of a Secret, which is not recorded', () => {
    expect(isUnrecorded(createReview({ apiVersion: 'v1', kind: 'Secret', data: {} }))).toBe(true);
    expect(isUnrecorded(createReview(container({})))).toBe(false);
  });

  test('does not list paths without end', () => {
    const annotations = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`a${index}`, 'x']));
    const { redacted } = redactReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { annotations } }));
    expect(redacted.length).toBe(201);
    expect(redacted).toContain('/request/object');
  });
});

/** Parts of long texts. */
const LONG =
  `://|-----BEGIN |a=|--password |a:b@|"|sha256:|eyJ|(user |password=|password="|password: >\n a|password=\\"|<a>|<token a>|name=token value=
{"a":|mysql -p|;|'|QUFB|kind: |kind: "Secret|Basic |https://hooks.slack.com/services/`.split('|');

describe('arguments', () => {
  const M = '[redacted]';
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['--password=a', '--db.password', 'b', '-Dtoken=c'],
      [`--password=${M}`, '--db.password', M, `-Dtoken=${M}`],
    ],
    [
      ['--password', '--verbose'],
      ['--password', '--verbose'],
    ],
    [
      ['--token-file=/a', '--secret-name', 'a', '--passwordless'],
      ['--token-file=/a', '--secret-name', 'a', '--passwordless'],
    ],
    [
      ['--password=$(DB_PASSWORD)', '--password', '${B}'],
      ['--password=$(DB_PASSWORD)', '--password', '${B}'],
    ],
    [
      ['-u', 'a:b', '--user', 'a'],
      ['-u', `a:${M}`, '--user', 'a'],
    ],
    [['postgres://a:b/c@d@host:5432/e?sslmode=off'], ['postgres://***@host:5432/e?sslmode=off']],
    [
      ['amqp://a:b@h', 'https://h/x?token=abc&n=1'],
      ['amqp://***@h', `https://h/x?token=${M}&n=1`],
    ],
    [['curl -H "Authorization: Bearer abcdefghi" https://h'], [`curl -H "Authorization: ${M}" https://h`]],
    [
      ['mysql --password abc -e x', 'a:b@tcp(h)/d'],
      [`mysql --password ${M} -e x`, `a:${M}@tcp(h)/d`],
    ],
    [
      ['ghp_0123456789abcdefABCDEF', 'x-AKIAIOSFODNN7EXAMPLE'],
      [M, `x-${M}`],
    ],
    [['k8rT2xQ9vB4nM7pL1wZ6yC3d'], [M]],
    [[`--image=a/b:1@sha256:${'a1'.repeat(32)}`], [`--image=a/b:1@sha256:${'a1'.repeat(32)}`]],
    [
      ['/usr/local/bin/start', '--config=/etc/app/config.yaml', 'the-name-of-a-service-2024'],
      ['/usr/local/bin/start', '--config=/etc/app/config.yaml', 'the-name-of-a-service-2024'],
    ],
  ];

  test.each(cases)('%j', (list, expected) => {
    expect(redactArguments(list, () => undefined)).toEqual(expected);
  });

  test.each(LONG)('take linear time: %j, again and again', async (part) => {
    const redact = (length: number): void => {
      const text = part.repeat(length / part.length);
      redactArguments([text], () => undefined);
      redactText(text, () => undefined);
    };
    expect(await cpuRatio(redact, { small: 20_000, large: 160_000 })).toBeLessThan(24);
  });
});

test('words and names are not random, tokens are', () => {
  const words = [
    'kube-controller-manager-v1',
    'sessionAffinityConfigTimeout10',
    'the_name_of_a_variable_2',
    'AdditionalPrinterColumns',
  ];
  const tokens = ['k8rT2xQ9vB4nM7pL1wZ6', 'f3a9c1d7e5b2f8a4c6d0e1b3a5f7c9d1', 'dGhpcyBpcyBhIHNlY3JldCBhbmQgbG9uZzE5'];
  expect(words.filter(isRandom)).toEqual([]);
  expect(tokens.filter((token) => !isRandom(token))).toEqual([]);
});

describe('the response', () => {
  const hashUser = (name: string): string => `user-${name.length}`;
  const long = 'a secret that is long\nand has two lines';
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['env "hunter22" is x', 'env "[redacted]" is x', ['hunter22']],
    ['abc "abc"', 'abc "[redacted]"', ['abc']],
    [quoteValue(long), '"[redacted]"', [long]],
    [`it is ${long.slice(0, 18)}…`, 'it is [redacted]…', [long]],
    [`it ends with ${long.slice(-12).toUpperCase()}.`, 'it ends with [redacted].', [long]],
    [`it is ${long.slice(3, 10)}`, `it is ${long.slice(3, 10)}`, [long]],
    ['pin 1234, and 12345', 'pin [redacted], and 12345', ['1234']],
    ['port 443 and "443"', 'port 443 and "[redacted]"', ['443']],
    ['image "nginx:1.27" x', 'image "nginx:1.27" x', ['nginx:1.27']],
    [
      'key "r" (user ci) (user "a b") (user "<same as password>")',
      'key "r" (user user-2) (user "user-3") (user "<same as password>")',
      [],
    ],
  ];

  test.each(cases)('%j', (message, expected, secrets) => {
    const scrub = { secrets: new Set(secrets), kept: '{"image":"nginx:1.27"}', hashUser };
    expect(scrubbed({ status: { message }, warnings: [message] }, scrub)).toEqual({
      status: { message: expected },
      warnings: [expected],
    });
  });
});
