/** The checker of answers can say no. */
import { expect, test } from 'vitest';
import { answerFaults, type SentReview } from './answer-checks.ts';

const ASKED: SentReview = { apiVersion: 'admission.k8s.io/v1', uid: 'u', endpoint: 'validate' };
const answer = (response: object, rest: object = {}): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'u', allowed: true, ...response },
    ...rest,
  });
const status = (change: object): object => ({
  allowed: false,
  status: {
    status: 'Failure',
    reason: 'Forbidden',
    code: 403,
    message: 'm',
    details: { group: '', kind: 'Pod', name: 'p', causes: [{ reason: 'r', message: 'm', field: 'f' }] },
    ...change,
  },
});

test.each<[string, string, readonly string[]]>([
  ['a good one', answer({}), []],
  ['a good denial', answer(status({})), []],
  ['no JSON', '{', ['is not JSON']],
  ['no response', '{}', ['has no response']],
  [
    'another version',
    answer({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
    ['apiVersion is not that of the request'],
  ],
  ['another kind', answer({}, { kind: 'Review' }), ['kind']],
  ['another uid', answer({ uid: 'v' }), ['uid is not that of the request']],
  ['an unknown key', answer({ audit: 1 }, { more: 1 }), ['unknown key more', 'unknown key audit']],
  [
    'no decision',
    answer({ allowed: 'yes', status: {} }),
    [
      'allowed is not a boolean',
      'status is not Failure',
      'a policy denies with 403 Forbidden',
      'no message',
      'no details',
    ],
  ],
  ['a patch', answer({ patch: '' }), ['a validating answer has a patch']],
  ['allowed with a status', answer({ status: {} }), ['allowed, but has a status']],
  ['denied without one', answer({ allowed: false }), ['denied without a status']],
  ['a 200', answer(status({ code: 200 })), ['a policy denies with 403 Forbidden']],
  ['no causes', answer(status({ details: { group: '', kind: '', name: '' } })), ['no causes']],
  ['an invisible message', answer(status({ message: 'a\nb\u202e' })), ['something invisible in a message']],
  ['an empty warning', answer({ warnings: [''] }), ['a warning that is empty or no text']],
  ['no warnings', answer({ warnings: [] }), ['warnings are no list, or an empty one']],
  ['a control character', answer({ warnings: ['a\tb'] }), ['something invisible in a warning']],
  ['a long warning', answer({ warnings: ['w'.repeat(257)] }), ['a warning of more than 256 runes']],
  [
    'many warnings',
    answer({ warnings: Array.from({ length: 17 }, () => 'w'.repeat(250)) }),
    ['warnings of more than 4096 runes'],
  ],
  ['a bad key', answer({ auditAnnotations: { 'a/b': 'c' } }), ['audit annotation key a/b']],
  ['a bad value', answer({ auditAnnotations: { a: 1 } }), ['audit annotation is not a string']],
  ['a huge one', answer({ auditAnnotations: { a: 'a'.repeat(300_000) } }), ['has 300127 characters']],
])('%s', (_what, text, faults) => {
  expect(answerFaults(text, ASKED)).toEqual(faults);
});

test.each<[object, readonly string[]]>([
  [{}, []],
  [{ patchType: 'JSONPatch', patch: btoa('[]') }, []],
  [{ patch: btoa('[]') }, ['patch and patchType do not come together']],
  [{ patchType: 'JSONPatch' }, ['patch and patchType do not come together']],
  [{ patchType: 'JSONPatch', patch: btoa('[12]').replaceAll('=', '') }, ['patch is not standard, padded base64']],
  [{ patchType: 'JSONPatch', patch: btoa('{}') }, ['patch is not a list']],
])('a mutating answer with %j', (response, faults) => {
  expect(answerFaults(answer(response), { ...ASKED, endpoint: 'mutate' })).toEqual(faults);
});
