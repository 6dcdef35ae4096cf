/** The head of an unparsed review equals that of a parsed review, and contains nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReview } from '../../src/admission/review.ts';
import { headOf } from '../../src/server/review-head.ts';

const TYPE = '{"group":"apps","version":"v1","kind":"Deployment"}';
const BEFORE = `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","kind":${TYPE}`;
const AFTER = `"namespace":"shop","operation":"UPDATE","userInfo":{"username":"jane","groups":["a"]},"object":{"metadata":{"name":"web","labels":{"uid":"evil"}},"spec":{`;

const headOfText = (text: string): unknown => readReview(headOf(Buffer.from(text)));
const known = {
  ok: true,
  review: {
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'u-1',
      type: { group: 'apps', version: 'v1', kind: 'Deployment' },
      operation: 'UPDATE',
      namespace: 'shop',
      user: { name: 'jane', groups: ['a'] },
      object: { metadata: { name: 'web' } },
      oldObject: undefined,
    },
  },
};

test.each<[string, string]>([
  ['as Go writes it, without its end', `${BEFORE},${AFTER}`],
  ['in the middle of a string', `${BEFORE},${AFTER}"a":"\\u003c\\u003`],
  ['in the middle of a character', `${BEFORE},${AFTER}"a":"\ud800`],
  ['with a uid in other places', `${BEFORE},"requestKind":{"uid":"evil"},${AFTER}"uid":"evil"`],
  ['with a string that looks like an end', `${BEFORE},"requestResource":{"a":"}},\\"uid\\":\\"evil\\""},${AFTER}`],
  ['with blanks', `${BEFORE},${AFTER}`.replaceAll(/([,:{])"/g, '$1 \n\t"')],
  ['with an escaped key', `${BEFORE},${AFTER}`.replace('"uid"', '"u\\u0069d"')],
  ['whole, with the object twice', `${BEFORE},"object":{"metadata":{"name":"other"}},${AFTER}}}}}`],
  ['with a long key', `${BEFORE},"${'k'.repeat(1000)}":1,${AFTER}`],
])('a beginning says what its review is: %s', (_what, text) => {
  expect(headOfText(text)).toMatchObject(known);
});

test.each<[string, string, RegExp]>([
  ['empty', '', /expected an object/],
  ['no map', '[1,2', /expected an object/],
  [
    'without a request',
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","x":{"uid":"u"}}',
    /expected an object/,
  ],
  [
    'of another kind',
    BEFORE.replace('AdmissionReview', 'Review') + `,${AFTER}`,
    /expected AdmissionReview, found Review/,
  ],
  ['of another version', `${BEFORE},${AFTER}`.replace('admission.k8s.io/v1', 'x/v1'), /expected admission.k8s.io\/v1/],
  ['with the uid behind the object', `${BEFORE},${AFTER}`.replace('"uid":"u-1",', ''), /expected a UID/],
  [
    'with a uid that is not a string',
    `${BEFORE},${AFTER}`.replace('"u-1"', '{"a":1}'),
    /expected a string, found an object/,
  ],
  ['that ends in the kind', BEFORE.slice(0, -3), /expected an object, but the field is missing/],
  ['with a colon missing', `${BEFORE},${AFTER}`.replace('"uid":', '"uid"'), /expected/],
])('an invalid head is not a review: %s', (_what, text, problem) => {
  const read = headOfText(text) as { readonly ok: boolean; readonly problem?: string };
  expect(read.ok).toBe(false);
  expect(read.problem).toMatch(problem);
});

test('a name so long that the operation does not come is the name of a new object', () => {
  expect(headOfText(`${BEFORE},"name":"${'n'.repeat(70_000)}`)).toMatchObject({
    ok: true,
    review: { request: { uid: 'u-1', operation: 'CREATE', name: '' } },
  });
});

describe('whatever the bytes are', () => {
  test('it neither throws nor loops', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 200 }), (noise, at) => {
        const text = Buffer.from(`${BEFORE},${AFTER}`);
        for (const bytes of [Buffer.concat([text.subarray(0, at), noise, text.subarray(at)]), Buffer.from(noise)])
          expect(() => headOf(bytes)).not.toThrow();
      }),
    );
  });

  test('of a whole review it says what parsing it says', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const request = fc.record({
      uid: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      requestKind: fc.jsonValue(),
      name: text,
      namespace: text,
      operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE'),
      options: fc.jsonValue(),
    });
    fc.assert(
      fc.property(request, (members) => {
        const review = {
          kind: 'AdmissionReview',
          apiVersion: 'admission.k8s.io/v1',
          request: { kind: { group: '', version: 'v1', kind: 'Pod' }, ...members, object: { metadata: {} } },
        };
        expect(headOfText(JSON.stringify(review))).toEqual(readReview(JSON.parse(JSON.stringify(review))));
      }),
    );
  });
});
