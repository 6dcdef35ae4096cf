/** JSON Schemas of policy documents after list references are expanded. Each rule has a schema for its parameters. */
import { CONTAINER_KINDS } from '../pod/containers.ts';
import { documentSchema, oneOf, strings, withListReferences } from './document-schema.ts';
import { PULL_SECRETS_SCHEMA } from './added-pull-secrets.ts';
import { PIN_SCHEMA } from './pin.ts';
import { PULL_POLICY_SCHEMA } from './pull-policies.ts';
import { REWRITE_SCHEMA } from './rewrite.ts';
import { ACTIONS } from './policy.ts';

const NAMESPACE_SELECTOR = {
  type: 'object',
  additionalProperties: false,
  description: 'A Kubernetes label selector for the namespace of the object',
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
          key: { type: 'string', minLength: 1, description: 'Label key' },
          operator: {
            enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
            description: 'Comparison of the label with the values',
          },
          values: {
            type: 'array',
            items: { type: 'string' },
            description: 'At least one for In and NotIn, none for Exists and DoesNotExist',
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
    namespaces: strings('Globs of namespaces; cluster-scoped objects never match'),
    namespaceSelector: NAMESPACE_SELECTOR,
    kinds: strings('Globs of kinds, for example Deployment or Job.batch.volcano.sh'),
    operations: oneOf(['CREATE', 'UPDATE'], 'Operations; DELETE and CONNECT are never evaluated'),
    users: strings('Globs of user names'),
    groups: strings('Globs of group names'),
    containers: oneOf(CONTAINER_KINDS, 'Kinds of containers; "volume" is an image volume'),
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
        'Action if the result is unknown. By default, action if only the author of the object can cause it, otherwise warn',
    },
    parameters: { type: 'object', description: "The rule's own parameters" },
    message: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      description: "Appended to the rule's message, for example with instructions for your users",
    },
  },
} as const;

/** The keys of a policy that change objects, in the order in which they apply. */
export const CHANGE_KEYS = ['rewrite', 'pin', 'pullSecrets', 'pullPolicy'] as const;

export const POLICY_SCHEMA = documentSchema('ImagePolicy', {
  name: 'Unique among the policies; every message contains it: [name/rule]',
  description:
    'Which rules apply where, what findings do, and what is changed: names of images, digests, pull secrets, and pull policies',
  spec: {
    type: 'object',
    description: 'The policy',
    additionalProperties: false,
    properties: {
      description: { type: 'string', description: 'Free text' },
      match: clause('What the policy applies to; all given keys must match. By default, everything'),
      exclude: clause('What the policy does not apply to; all given keys must match'),
      onUpdate: {
        enum: ['changed', 'all'],
        default: 'changed',
        description:
          'changed: on UPDATE, violations that the stored object already has become warnings; all: evaluate the whole object',
      },
      rules: { type: 'array', minItems: 1, items: BINDING, description: 'The rules, in the order of their findings' },
      rewrite: REWRITE_SCHEMA,
      pin: PIN_SCHEMA,
      pullSecrets: PULL_SECRETS_SCHEMA,
      pullPolicy: PULL_POLICY_SCHEMA,
    },
  },
});

/** Requires a letter or a digit, because whitespace and dashes are not an owner or a reason. */
const requiredText = (description: string): object => ({
  type: 'string',
  maxLength: 500,
  pattern: '[\\p{L}\\p{N}]',
  hint: 'at least one letter or digit, and at most 500 characters',
  description,
});

const NOT_EMPTY = { minItems: 1 };

export const EXCEPTION_SCHEMA = documentSchema('ImagePolicyException', {
  name: 'Unique among the exceptions; reported wherever the exception applies',
  description: 'Excuses findings of a policy until an expiry date: they are reported but have no effect',
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
        description: 'Rules of the policy whose findings are excused',
      },
      match: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        description:
          'The objects whose findings are excused; all given keys must match. To match everything, use kinds: ["*"]',
        properties: {
          namespaces: strings('Globs of namespaces; cluster-scoped objects never match', NOT_EMPTY),
          kinds: strings('Globs of kinds, for example Deployment or Job.batch.volcano.sh', NOT_EMPTY),
          names: strings(
            'Globs of object names. The Pods of a Deployment "web" are named web-*; when they are created, they have only the prefix',
            NOT_EMPTY,
          ),
          containers: strings(
            'Globs of container and image volume names (not kinds). An unnamed container never matches',
            NOT_EMPTY,
          ),
          images: strings('Image patterns; an invalid image never matches', NOT_EMPTY),
        },
      },
      owner: requiredText('The responsible team, person, or address'),
      reason: requiredText('Why the exception exists'),
      expires: {
        type: 'string',
        pattern: '^\\d{4}-\\d\\d-\\d\\d$',
        hint: 'a date in the form YYYY-MM-DD, for example 2027-01-31',
        description: 'Expiry date, YYYY-MM-DD; the exception applies through the end of that day in UTC',
      },
    },
  },
});

export const LIST_SCHEMA = documentSchema('ImageNameList', {
  name: 'Unique among the lists; policies and exceptions refer to it as {list: NAME}',
  description:
    'Strings that policies and exceptions share: in a list of strings, {list: NAME} includes all items of this list',
  spec: {
    type: 'object',
    description: 'The list',
    additionalProperties: false,
    required: ['items'],
    properties: {
      description: { type: 'string', description: 'Free text' },
      items: strings(
        'Strings such as image patterns, namespaces, or tags, as required where the list is used',
        NOT_EMPTY,
      ),
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
    title: 'A tidewaiter policy',
    schema: withListReferences(POLICY_SCHEMA),
  },
  ImagePolicyException: {
    name: 'exception',
    title: 'An exception to a tidewaiter policy',
    schema: withListReferences(EXCEPTION_SCHEMA),
  },
  ImageNameList: {
    name: 'list',
    title: 'A named list of strings for tidewaiter policies',
    schema: LIST_SCHEMA,
  },
};

export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[];

/** Earlier names of kinds. Kubernetes reserves `ImagePolicyList` for lists of ImagePolicy objects. */
export const FORMER_KINDS: ReadonlyMap<string, DocumentKind> = new Map([['ImagePolicyList', 'ImageNameList']]);
