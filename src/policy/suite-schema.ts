/** The JSON Schema of test suites: what people expect of their policies. */
import { documentSchema, strings } from './document-schema.ts';
import { REGISTRY_ANSWERS_SCHEMA } from './registry-answers.ts';

export const SUITE_KIND = 'ImagePolicyTest';

const text = (description: string): object => ({ type: 'string', minLength: 1, description });

const FINDING = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'A finding, by the keys that are given; keys that are left out may be anything',
  properties: {
    policy: text('metadata.name of the policy'),
    rule: text('The rule'),
    container: text('Name of the container or image volume'),
    action: { enum: ['deny', 'warn', 'audit', 'excused'], description: 'What the finding does' },
    outcome: {
      enum: ['violation', 'unknown', 'error'],
      description: 'violation: the rule says no; unknown: it could not tell; error: the rule itself failed',
    },
    kind: text('Kind of the object, for example Deployment'),
    namespace: text('Namespace of the object'),
    name: text('Name of the object'),
    pointer: { type: 'string', description: 'JSON pointer of what is wrong, from the root of the object' },
    message: text('The whole sentence, without the remedy'),
  },
} as const;

const CASE = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'resources', 'expect'],
  properties: {
    name: text('What is tested, as a sentence; unique within the suite'),
    resources: strings(
      'Files and folders of manifests, relative to this file. Namespaces, Secrets and ServiceAccounts in them are the cluster around the workloads',
      { minItems: 1 },
    ),
    registry: {
      ...REGISTRY_ANSWERS_SCHEMA,
      description: 'As the registry of the suite, for this case: an image here takes the place of the same image there',
    },
    expect: {
      type: ['string', 'array'],
      pattern: '^pass$',
      hint: '"pass" or a list of findings',
      items: FINDING,
      description:
        'pass: nothing is denied, nothing is warned about and nothing is unknown (what is audited or excused may be). A list: exactly these findings, in any order; an empty list: no finding of any kind',
    },
  },
} as const;

export const SUITE_SCHEMA = documentSchema(SUITE_KIND, {
  name: 'What the suite is called where its results are printed',
  description: 'What policies are expected to say about manifests: run by "tidewaiter test"',
  spec: {
    type: 'object',
    description: 'The suite',
    additionalProperties: false,
    required: ['cases'],
    properties: {
      policies: strings('Files and folders of policies, relative to this file; without it, the built-in policy', {
        minItems: 1,
      }),
      namespace: { ...text('Namespace of objects that name none'), default: 'default' },
      now: {
        type: 'string',
        pattern: '^\\d{4}-\\d\\d-\\d\\d$',
        hint: 'a date in the form YYYY-MM-DD, for example 2027-01-31',
        description: 'Judge as if it were this day, since exceptions expire: YYYY-MM-DD; without it, today',
      },
      registry: REGISTRY_ANSWERS_SCHEMA,
      cases: { type: 'array', minItems: 1, items: CASE, description: 'The cases, in the order of their results' },
    },
  },
});
