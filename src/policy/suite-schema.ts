/** The JSON Schema of test suites. */
import { documentSchema, strings } from './document-schema.ts';
import { REGISTRY_RESPONSES_SCHEMA } from './registry-responses.ts';

export const SUITE_KIND = 'ImagePolicyTest';

const text = (description: string): object => ({ type: 'string', minLength: 1, description });

const FINDING = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'A finding; only the given keys are compared',
  properties: {
    policy: text('metadata.name of the policy'),
    rule: text('The rule'),
    container: text('Name of the container or image volume'),
    action: { enum: ['deny', 'warn', 'audit', 'excused'], description: 'Effect of the finding' },
    outcome: {
      enum: ['violation', 'unknown', 'error'],
      description: 'violation: the check failed; unknown: the result cannot be determined; error: the rule failed',
    },
    kind: text('Kind of the object, for example Deployment'),
    namespace: text('Namespace of the object'),
    name: text('Name of the object'),
    pointer: { type: 'string', description: 'JSON Pointer to the value at fault, from the root of the object' },
    message: text('The complete message, without the remedy'),
  },
} as const;

const CASE = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'expect'],
  anyOf: [{ required: ['resources'] }, { required: ['reviews'] }],
  properties: {
    name: text('Description of the case as a sentence; unique within the suite'),
    resources: strings(
      'Manifest files and directories, relative to this file. Namespaces, Secrets, and ServiceAccounts in them represent the cluster',
      { minItems: 1 },
    ),
    reviews: strings(
      'Files with AdmissionReviews, or with lines of a recording, relative to this file. A line of a recording is evaluated with its facts and at its time',
      { minItems: 1 },
    ),
    registry: {
      ...REGISTRY_RESPONSES_SCHEMA,
      description: 'Registry responses for this case; they replace responses of the suite for the same image',
    },
    expect: {
      type: ['string', 'array'],
      pattern: '^pass$',
      hint: '"pass", or a list of findings such as [{rule: image-tag, action: deny}]',
      items: FINDING,
      description:
        'pass: no denials, warnings, or unknown results (audited and excused findings are allowed). A list: exactly these findings, in any order; an empty list: no findings at all',
    },
  },
} as const;

export const SUITE_SCHEMA = documentSchema(SUITE_KIND, {
  name: 'Name of the suite in reports',
  description: 'Expected findings of policies for manifests; run with "tidewaiter test"',
  spec: {
    type: 'object',
    description: 'The suite',
    additionalProperties: false,
    required: ['cases'],
    properties: {
      policies: strings('Policy files and directories, relative to this file; by default, the built-in policy', {
        minItems: 1,
      }),
      namespace: { ...text('Namespace for objects that do not specify one'), default: 'default' },
      now: {
        type: 'string',
        pattern: '^\\d{4}-\\d\\d-\\d\\d$',
        hint: 'a date in the form YYYY-MM-DD, for example 2027-01-31',
        description:
          'Date of the evaluation, for example to test when exceptions expire, YYYY-MM-DD; by default, today',
      },
      registry: REGISTRY_RESPONSES_SCHEMA,
      cases: { type: 'array', minItems: 1, items: CASE, description: 'The test cases, in report order' },
    },
  },
});
