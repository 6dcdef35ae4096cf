import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { answerText, type ReviewAnswer } from '../../../src/admission/review.ts';
import { responseText } from '../../../src/server/fast/response-text.ts';

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const text = fc.oneof(fc.constantFrom('', 'allow', 'deny', 'f00d', '4c1b-9', '"', 'ü', 'a\nb'), fc.string());

const answers: fc.Arbitrary<ReviewAnswer> = fc.record({
  apiVersion: fc.constantFrom('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
  kind: fc.constant('AdmissionReview'),
  response: fc.record({
    uid: text,
    allowed: fc.boolean(),
    status: fc.constant(undefined),
    patchType: fc.constant(undefined),
    patch: optional(text),
    warnings: optional(fc.array(text, { maxLength: 2 })),
    auditAnnotations: optional(
      fc.oneof(
        fc.record({ decision: fc.constantFrom('allow', 'deny') }),
        fc.record({ decision: fc.constantFrom('allow', 'warn'), generation: text }),
        fc.record({ decision: fc.constant('allow'), findings: text, generation: text }),
        fc.record({ generation: text }),
      ),
    ),
  }),
});

test('has the same bytes as the text of all commands', () => {
  fc.assert(
    fc.property(answers, (answer) => {
      expect(responseText(answer)).toBe(answerText(answer));
    }),
    { numRuns: 3000 },
  );
});
