/** JSON Schemas of our documents, as they are read; the parameters of each rule have their own. */
import { CONTAINER_KINDS } from '../pod/containers.ts';
import { documentSchema, oneOf, strings, withListReferences } from './document-schema.ts';
import { PIN_SCHEMA } from './pin.ts';
import { ACTIONS } from './policy.ts';

const NAMESPACE_SELECTOR = {
  type: 'object',
  additionalProperties: false,
  description: 'A label selector on the namespace of the object, as in Kubernetes',
  properties: {
    matchLabels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Labels that the namespace must have, with these values',
    },
    matchExpressions: {
      type: 'array',
      description: 'Requirements that must all be met',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'operator'],
        properties: {
          key: { type: 'string', minLength: 1, description: 'Key of the label' },
          operator: {
            enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
            description: 'How the label is compared with the values',
          },
          values: {
            type: 'array',
            items: { type: 'string' },
            description: 'At least one for In and NotIn, none for the others',
          },
        },
      },
    },
  },
};

const clause = (description: string): object => ({
  type: 'object',
  description,
  additionalProperties: false,
  properties: {
    namespaces: strings('Globs of namespaces; objects outside of namespaces match none'),
    namespaceSelector: NAMESPACE_SELECTOR,
    kinds: strings('Globs of kinds, for example Deployment or Job.batch.volcano.sh'),
    operations: oneOf(['CREATE', 'UPDATE'], 'Operations; DELETE and CONNECT are never judged'),
    users: strings('Globs of user names'),
    groups: strings('Globs of group names'),
    containers: oneOf(CONTAINER_KINDS, 'Kinds of containers; "volume" is an image that is mounted'),
    images: strings('Image patterns, for example registry.example.com/shop/**'),
  },
});

const BINDING = {
  type: 'object',
  additionalProperties: false,
  required: ['rule'],
  properties: {
    rule: { type: 'string', description: 'Name of a rule' },
    action: { enum: ACTIONS, default: 'deny', description: 'What a violation does' },
    onUnknown: {
      enum: ACTIONS,
      description:
        'What it does when the rule could not tell; without it the action where only the author of the object can cause that, else warn',
    },
    parameters: { type: 'object', description: "The rule's own parameters" },
    message: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      description: "Appended to the rule's sentence: what your people should do",
    },
  },
} as const;

export const POLICY_SCHEMA = documentSchema('ImagePolicy', {
  name: 'Unique among the policies; stands in every message: [name/rule]',
  description: 'Which rules apply where, what a finding does, and which images are pinned',
  spec: {
    type: 'object',
    description: 'The policy',
    additionalProperties: false,
    properties: {
      description: { type: 'string', description: 'For people' },
      match: clause('What the policy is about: every key that is given must match; without it, everything'),
      exclude: clause('What it leaves alone: whatever all the given keys match'),
      onUpdate: {
        enum: ['changed', 'all'],
        default: 'changed',
        description: 'changed: on UPDATE, what the stored object already had is a warning; all: it is judged as if new',
      },
      rules: { type: 'array', minItems: 1, items: BINDING, description: 'The rules, in the order of their findings' },
      pin: PIN_SCHEMA,
    },
  },
});

/** Somebody must be there to ask: white space and dashes are no owner and no reason. */
const said = (description: string): object => ({
  type: 'string',
  maxLength: 500,
  pattern: '[\\p{L}\\p{N}]',
  hint: 'at least one letter or digit, and at most 500 characters',
  description,
});

const NOT_EMPTY = { minItems: 1 };

export const EXCEPTION_SCHEMA = documentSchema('ImagePolicyException', {
  name: 'Unique among the exceptions; stands wherever the exception was used',
  description: 'Excuses findings of a policy for a while: they are told, and do nothing',
  spec: {
    type: 'object',
    description: 'The exception',
    additionalProperties: false,
    required: ['policy', 'rules', 'match', 'owner', 'reason', 'expires'],
    properties: {
      policy: { type: 'string', description: 'metadata.name of the policy' },
      rules: {
        type: 'array',
        ...NOT_EMPTY,
        items: { type: 'string' },
        description: 'Rules of that policy whose findings are excused',
      },
      match: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        description: 'What is excused: every key that is given must match. For everything say it: kinds: ["*"]',
        properties: {
          namespaces: strings('Globs of namespaces; objects outside of namespaces match none', NOT_EMPTY),
          kinds: strings('Globs of kinds, for example Deployment or Job.batch.volcano.sh', NOT_EMPTY),
          names: strings(
            'Globs of object names. The Pods of a Deployment "web" are called web-*, and at their creation have only the beginning of a name',
            NOT_EMPTY,
          ),
          containers: strings(
            'Globs of the names of containers and image volumes (not their kinds: a name is what one team answers for). What has no name matches none',
            NOT_EMPTY,
          ),
          images: strings('Image patterns; an image that cannot be read matches none', NOT_EMPTY),
        },
      },
      owner: said('Who answers for it: a team, a person, an address'),
      reason: said('Why it is there, for whoever finds it'),
      expires: {
        type: 'string',
        pattern: '^\\d{4}-\\d\\d-\\d\\d$',
        hint: 'a date in the form YYYY-MM-DD, for example 2027-01-31',
        description: 'The last day on which it excuses anything, through the end of that day in UTC: YYYY-MM-DD',
      },
    },
  },
});

export const LIST_SCHEMA = documentSchema('ImageNameList', {
  name: 'Unique among the lists; policies and exceptions refer to it as {list: NAME}',
  description: 'Texts that many policies share: where a list of texts is expected, {list: NAME} stands for all of them',
  spec: {
    type: 'object',
    description: 'The list',
    additionalProperties: false,
    required: ['items'],
    properties: {
      description: { type: 'string', description: 'For people' },
      items: strings('Image patterns, namespaces, tags: what the places take that refer to it', NOT_EMPTY),
    },
  },
});

interface DocumentRow {
  /** In messages, in `tidewaiter schema`, and in the name of the published file. */
  readonly name: string;
  readonly title: string;
  /** The form that users write, with references to named lists. */
  readonly schema: object;
}

export type DocumentKind = 'ImagePolicy' | 'ImagePolicyException' | 'ImageNameList';

/** The documents of a directory of policies; test suites have a schema of their own. */
export const DOCUMENTS: Readonly<Record<DocumentKind, DocumentRow>> = {
  ImagePolicy: {
    name: 'policy',
    title: 'A policy of tidewaiter',
    schema: withListReferences(POLICY_SCHEMA),
  },
  ImagePolicyException: {
    name: 'exception',
    title: 'An exception from a policy of tidewaiter',
    schema: withListReferences(EXCEPTION_SCHEMA),
  },
  ImageNameList: {
    name: 'list',
    title: 'A list of texts that policies of tidewaiter share',
    schema: LIST_SCHEMA,
  },
};

export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[];

/** Earlier names of kinds. Kubernetes reserves `ImagePolicyList` for lists of ImagePolicy objects. */
export const FORMER_KINDS: ReadonlyMap<string, DocumentKind> = new Map([['ImagePolicyList', 'ImageNameList']]);
