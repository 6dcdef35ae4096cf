/** The body of a review, read with the API server's bookkeeping left out: the same request as from the whole text. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReview } from '../../../src/admission/review.ts';
import { parseBody } from '../../../src/server/parse-body.ts';
import { managedFieldsIn, parsedWithout } from '../../../src/server/fast/managed-fields.ts';

const withoutManagedFields = (bytes: Buffer): unknown => parsedWithout(bytes, managedFieldsIn(bytes));

const RECORDINGS = path.resolve(import.meta.dirname, '../../recordings');

/** The parsed value of a text, with and without cutting. */
function both(text: string): readonly [unknown, unknown] {
  const cut = parseBody(Buffer.from(long(text)));
  return [cut.ok ? readReview(cut.value) : 'no JSON', readReview(JSON.parse(text))];
}

const FIELDS = '[{"manager":"kubectl","fieldsV1":{"f:spec":{"k:{\\"name\\":\\"web]\\"}":{".":{}}}}},{"x":["]",{}]}]';
const review = (object: string, old = 'null'): string =>
  `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},"operation":"UPDATE","object":${object},"oldObject":${old}}}`;
/** White space that makes a text long enough to be worth it. */
const long = (text: string): string => text + ' '.repeat(5000);
const object = (metadata: string, spec = '{}'): string => `{"kind":"Pod","metadata":${metadata},"spec":${spec}}`;

describe('the bookkeeping of the API server', () => {
  test.each<[string, string]>([
    ['last in the metadata', object(`{"name":"a","managedFields":${FIELDS}}`)],
    ['in the middle of the metadata', object(`{"labels":{},"managedFields":${FIELDS},"name":"a"}`)],
    ['alone in the metadata', object(`{"managedFields":${FIELDS}}`)],
    ['empty', object('{"managedFields":[],"name":"a"}')],
  ])('is cut out where it stands %s', (_where, text) => {
    for (const body of [review(text), review(text, text), review(object('{"name":"a"}'), text)]) {
      expect(withoutManagedFields(Buffer.from(long(body)))).toBeDefined();
      const [cut, whole] = both(body);
      expect(cut).toEqual(whole);
      expect(JSON.stringify(cut)).not.toContain('managedFields');
    }
  });

  test.each<[string, string]>([
    ['is not there', review(object('{"name":"a"}'))],
    ['has an unknown type', review(object('{"managedFields":{"a":1}}'))],
    ['is a number, as the mark is', review(object('{"managedFields":0}', `{"managedFields":${FIELDS}}`))],
    ['stands elsewhere', review(object('{"name":"a"}', `{"managedFields":${FIELDS},"containers":[]}`))],
    ['stands elsewhere as well', review(object(`{"managedFields":${FIELDS}}`, `{"managedFields":${FIELDS}}`))],
    ['appears twice', review(object(`{"managedFields":${FIELDS},"managedFields":${FIELDS}}`))],
    ['is only spoken of', review(object(JSON.stringify({ name: 'a"managedFields":[1', n: ',"managedFields":[' })))],
    ['ends a key', review(object('{"a\\"managedFields":[1],"name":"a"}'))],
    ['is in a review with whitespace', review(object(`{"name":"a", "managedFields":${FIELDS}}`))],
  ])('leaves the request as it is when it %s', (_what, body) => {
    const [cut, whole] = both(body);
    expect(cut).toEqual(whole);
  });

  test.each([
    '{"managedFields":[',
    '{"managedFields":[}]}',
    '{"managedFields":["\\',
    '{"managedFields":[1] x}',
    review('{"metadata":{"managedFields":[{"a":1}}]}}'),
  ])('%s is not JSON, with or without cutting', (text) => {
    const problem = expect.stringContaining('the body is not valid JSON');
    expect(parseBody(Buffer.from(long(text)))).toEqual({ ok: false, problem });
  });

  test('makes no difference to any recording, and is in some of them', () => {
    const texts = readdirSync(RECORDINGS)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.stringify(JSON.parse(readFileSync(path.join(RECORDINGS, name), 'utf8'))));
    for (const text of texts) {
      const [cut, whole] = both(text);
      expect(cut).toEqual(whole);
    }
    expect(texts.filter((text) => withoutManagedFields(Buffer.from(long(text))) !== undefined)).not.toEqual([]);
  });

  const key = fc.constantFrom(
    'managedFields',
    'metadata',
    'object',
    'oldObject',
    'a"managedFields',
    ',"managedFields":[',
    '\\',
  );
  const tree = fc.letrec<{ value: unknown; map: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(0, 'managedFields', '"managedFields":[', ']', '}', '\\"', 'é\u2028😀', null),
      fc.array(tie('value'), { maxLength: 3 }),
      tie('map'),
    ),
    map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  }));

  test('makes no difference to any review', () => {
    const metadata = fc.record(
      { managedFields: fc.array(tree.value, { maxLength: 3 }), name: tree.value },
      { requiredKeys: [] },
    );
    const one = fc.record({ metadata: fc.oneof(metadata, tree.value), spec: tree.value }, { requiredKeys: [] });
    let cuts = 0;
    fc.assert(
      fc.property(one, fc.oneof(one, fc.constant(null)), fc.boolean(), (now, before, spaced) => {
        const text = review(JSON.stringify(now, null, spaced ? 1 : undefined), JSON.stringify(before));
        if (withoutManagedFields(Buffer.from(long(text))) !== undefined) cuts += 1;
        const [cut, whole] = both(text);
        expect(cut).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
    expect(cuts).toBeGreaterThan(300);
  });
});
