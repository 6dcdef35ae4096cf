/** Reviews that are recognized have the shape that they get when they are parsed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKnownReviews, knownReview, type KnownReviews } from '../../../src/server/fast/known-reviews.ts';
import { lineContent, type LineContent } from '../../../src/server/recording/recorded-lines.ts';
import type { Note, Noted } from '../../../src/server/recording/batch.ts';
import { reviewBodies } from '../../bench/reviews.ts';
import { answerTo } from '../../recording/batches.ts';

const OPTIONS = { version: '0.1.0', fields: new Set<string>(), hashUser: (name: string) => name };

/** A Pod of a ReplicaSet, as validating webhooks get it. */
const FIRST = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    name: 'shop-7d9f8b6c5-x2x7q',
    namespace: 'shop',
    operation: 'CREATE',
    userInfo: {
      username: 'system:serviceaccount:kube-system:replicaset-controller',
      uid: 'user-1',
      extra: { a: ['b'] },
    },
    object: {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {
        name: 'shop-7d9f8b6c5-x2x7q',
        generateName: 'shop-7d9f8b6c5-',
        namespace: 'shop',
        uid: 'c4d5e6f7-1a2b-4c3d-9e8f-7a6b5c4d3e2f',
        creationTimestamp: '2027-03-01T08:15:30Z',
        labels: { app: 'shop', 'pod-template-hash': '7d9f8b6c5', uid: 'label-1' },
        annotations: { 'kubectl.kubernetes.io/restartedAt': '2027-03-01T08:15:00Z' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-7d9f8b6c5', uid: 'owner-1', controller: true },
        ],
        managedFields: [
          { manager: 'k', time: '2027-03-01T08:15:30Z', fieldsV1: { 'k:{"name":"kube-api-access-9kq4d"}': {} } },
        ],
      },
      spec: {
        volumes: [{ name: 'kube-api-access-9kq4d', projected: { sources: [] } }],
        containers: [
          { name: 'web', image: 'registry.example.com/web:1.4.2', command: ['--uid', 'c-1'] },
          { name: 'odd', image: 'kube-api-access-ddddd' },
        ],
      },
      status: {},
    },
    oldObject: null,
    dryRun: false,
  },
});

function noted(text: string, note: Partial<Note> = {}): Noted {
  const about = {
    time: 0,
    endpoint: 'validate',
    namespace: 'shop',
    durationMs: 1,
    answer: answerTo('u'),
    dropped: 0,
  } as const;
  return { note: { ...about, facts: { sources: [] }, ...note }, body: Buffer.from(text) };
}

function lineOf(one: Noted): LineContent {
  const line = lineContent(one, OPTIONS);
  if (typeof line === 'string') throw new Error(line);
  return line;
}

function knowing(...reviews: readonly Noted[]): KnownReviews {
  const known = createKnownReviews();
  for (const one of reviews) learn(known, one);
  return known;
}

/** As the recording thread sends it. */
function learn(known: KnownReviews, one: Noted): void {
  const learned = knownReview(one.note, one.body, lineOf(one));
  if (learned === undefined) throw new Error('the review takes too much memory');
  known.add(structuredClone(learned));
}

function find(known: KnownReviews, { note, body }: Noted): string | undefined {
  return known.find(note, body);
}

type Change = (text: string) => string;
const replace =
  (from: string, to: string): Change =>
  (text) =>
    text.replaceAll(from, to);
const NOTHING: Change = (text) => text;

const KNOWN: readonly (readonly [string, Change])[] = [
  ['the same review', NOTHING],
  ['another UID of the request', replace('5d6f3c1e-8f5b', '5d6f3c1e-0000')],
  ['another UID of the object', replace('c4d5e6f7', '00000000')],
  ['another time', replace('08:15:30Z', '09:15:31Z')],
  ['another UID of the owner', replace('owner-1', 'owner-2')],
  ['another name', replace('-x2x7q', '-bcdfg')],
  ['another name of the token volume', replace('-9kq4d', '-bcdfg')],
];

const UNKNOWN: readonly (readonly [string, Change])[] = [
  ['another image', replace(':1.4.2', ':1.4.3')],
  ['another image with a name as of a volume', replace('-ddddd', '-bcdfg')],
  ['a longer image', replace(':1.4.2', ':1.4.22')],
  ['another ReplicaSet', replace('7d9f8b6c5', '7d9f8b6c6')],
  ['another user', replace('user-1', 'user-2')],
  ['another label', replace('label-1', 'label-2')],
  ['another argument', replace('c-1', 'c-2')],
  ['another annotation', replace('08:15:00Z', '09:15:01Z')],
  ['another operation', replace('CREATE', 'UPDATE')],
  ['another name of a volume', replace('-9kq4d', '-9KQ4D')],
  ['no controller', replace('"controller":true', '"controller":null')],
  ['a name that ends', replace('shop-7d9f8b6c5-x2x7q', 'shop-7d9","x":"2x7q')],
  ['a name with an escape', replace('shop-7d9f8b6c5-x2x7q', String.raw`shop-7d9f8b6c5-\u0078`)],
];

test.each(KNOWN)('a review is known by one with %s', (_what, change) => {
  const first = noted(FIRST);
  const { shape } = lineOf(first);
  const next = noted(change(FIRST));
  expect(lineOf(next).shape).toBe(shape);
  expect(find(knowing(first), next)).toBe(shape);
});

test.each(UNKNOWN)('a review is not known by one with %s', (_what, change) => {
  expect(find(knowing(noted(FIRST)), noted(change(FIRST)))).toBeUndefined();
});

const RESULTS: readonly (readonly [string, Partial<Note>, isKnown: boolean])[] = [
  ['another time', { time: 1000, durationMs: 2 }, true],
  ['another UID in the response', { answer: answerTo('w') }, true],
  ['another decision', { answer: answerTo('u', false) }, false],
  ['other policies', { generation: 'g' }, false],
  ['another endpoint', { endpoint: 'mutate' }, false],
  ['other facts', { facts: { sources: ['namespaces'] } }, false],
];

test.each(RESULTS)('a review with %s', (_what, note, isKnown) => {
  const first = noted(FIRST);
  expect(find(knowing(first), noted(FIRST, note))).toBe(isKnown ? lineOf(first).shape : undefined);
});

test('names in denials do not count, but all else does', () => {
  const answer = (name: string, rest = ''): string =>
    answerTo('u', false).replace('deny', `Pod shop/${name}: 1 problem${rest}`);
  const other = FIRST.replaceAll('-x2x7q', '-bcdfg');
  const first = noted(FIRST, { answer: answer('shop-7d9f8b6c5-x2x7q') });
  const known = knowing(first);
  expect(find(known, noted(other, { answer: answer('shop-7d9f8b6c5-bcdfg') }))).toBe(lineOf(first).shape);
  expect(find(known, noted(other, { answer: answer('shop-7d9f8b6c5-bcdfg', ' more') }))).toBeUndefined();
});

/** Of equal keys, the last one counts. */
const NAMES: readonly (readonly [string, Change])[] = [
  ['no owner', replace('"ownerReferences"', '"owners"')],
  ['an owner that is no controller', replace('"controller":true', '"controller":false')],
  ['an owner in other metadata', replace('"spec":', '"metadata":{"name":"shop-7d9f8b6c5-x2x7q"},"spec":')],
  ['an owner in another object', replace('"oldObject":', '"object":{"metadata":{}},"oldObject":')],
];

test.each(NAMES)('names are a part of the shape if there is %s', (_what, change) => {
  const text = change(FIRST).replaceAll('-x2x7q', '-agent');
  const other = text.replaceAll('-agent', '-store');
  expect(lineOf(noted(other)).shape).not.toBe(lineOf(noted(text)).shape);
  expect(find(knowing(noted(text)), noted(other))).toBeUndefined();
});

const LETTERS = ['a', '0', 'Z', '-', '.', ':', '"', '\\', '{', '}', '[', ']', ',', '_', ' ', '\u0000', 'é'];

test('a changed character never makes another shape known, nor a body that is not valid', () => {
  const texts = [FIRST, ...reviewBodies().map(({ text }) => text.slice(0, 60_000))].filter((text) =>
    text.endsWith('}'),
  );
  const bases = texts.map((text) => {
    const first = noted(text);
    return { text, known: knowing(first), shape: lineOf(first).shape };
  });
  const change = fc.tuple(fc.constantFrom(...bases), fc.nat(), fc.constantFrom(...LETTERS));
  let found = 0;
  fc.assert(
    fc.property(change, ([{ text, known, shape }, at, letter]) => {
      const index = at % text.length;
      const changed = noted(text.slice(0, index) + letter + text.slice(index + 1));
      if (find(known, changed) === undefined) return;
      found += 1;
      expect(lineOf(changed).shape).toBe(shape);
    }),
    { numRuns: 5000 },
  );
  expect(found).toBeGreaterThan(20);
});

test('the newest reviews are remembered, in bounded memory', () => {
  const text = (index: number): string => FIRST.replace('1.4.2"', `1.4.2","x":"${String(index).padEnd(60_000)}"`);
  const reviews = Array.from({ length: 200 }, (_, index) => noted(text(index), { namespace: `team-${index}` }));
  const known = knowing(...reviews);
  const found = reviews.filter((one) => find(known, one) !== undefined);
  expect(found.length).toBeGreaterThan(100);
  expect(found).toEqual(reviews.slice(-found.length));
  expect(found.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(8 * 1024 * 1024);
  known.clear();
  expect(reviews.some((one) => find(known, one) !== undefined)).toBe(false);
});

test('a large review is not remembered', () => {
  const large = noted(FIRST.replace('1.4.2"', `1.4.2","x":"${'x'.repeat(70_000)}"`));
  expect(knownReview(large.note, large.body, lineOf(large))).toBeUndefined();
});

test('reviews of one length and namespace do not replace each other at once', () => {
  const reviews = Array.from({ length: 8 }, (_, index) => noted(FIRST.replace(':1.4.2', `:1.4.${index}`)));
  const known = knowing(...reviews);
  expect(reviews.map((one) => find(known, one))).toEqual(reviews.map((one) => lineOf(one).shape));
});
