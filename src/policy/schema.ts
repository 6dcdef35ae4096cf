/** JSON Schema (draft 2020-12) of an ImagePolicy document; the parameters of each rule have their own. */
import { CONTAINER_KINDS } from '../pod/containers.ts';
import { ACTIONS } from './policy.ts';

export const API_VERSION = 'tidewaiter.dev/v1alpha1';

const strings = (description: string): object => ({
  type: 'array',
  items: { type: 'string', minLength: 1 },
  description,
});

const oneOf = (values: readonly string[], description: string): object => ({
  type: 'array',
  items: { enum: values },
  description,
});

const NAMESPACE_SELECTOR = {
  type: 'object',
  additionalProperties: false,
  description: 'A label selector on the namespace of the object',
  properties: {
    matchLabels: { type: 'object', additionalProperties: { type: 'string' }, description: 'Labels with their values' },
    matchExpressions: {
      type: 'array',
      description: 'Requirements, all of which must hold',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'operator'],
        properties: {
          key: { type: 'string', minLength: 1, description: 'The label' },
          operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'], description: 'How it is compared' },
          values: { type: 'array', items: { type: 'string' }, description: 'For In and NotIn: at least one' },
        },
      },
    },
  },
};

const clause = (description: string): object => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties: {
    namespaces: strings('Namespace globs'),
    namespaceSelector: NAMESPACE_SELECTOR,
    kinds: strings('Kinds, for example Deployment or Job.batch.volcano.sh'),
    operations: oneOf(['CREATE', 'UPDATE'], 'Operations; DELETE and CONNECT are never judged'),
    users: strings('Globs of user names'),
    groups: strings('Globs of group names'),
    containers: oneOf(CONTAINER_KINDS, 'Kinds of containers'),
    images: strings('Image patterns'),
  },
});

export const POLICY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: API_VERSION, description: 'The version of the format' },
    kind: { const: 'ImagePolicy', description: 'A policy: which rules apply where, and what happens then' },
    metadata: {
      type: 'object',
      description: 'As of any object of Kubernetes; only the name is read',
      required: ['name'],
      properties: {
        name: {
          type: 'string',
          description: 'What messages, the log and audit annotations call the policy',
          maxLength: 63,
          pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
          hint: 'lower-case letters, digits and inner hyphens, at most 63',
        },
      },
    },
    spec: {
      type: 'object',
      additionalProperties: false,
      description: 'What the policy asks, and of which objects',
      required: ['rules'],
      properties: {
        description: { type: 'string', description: 'For people: what it is for' },
        match: clause('Which objects it covers; every key that is given must fit. Without it: all'),
        exclude: clause('Which of those it leaves out; every key that is given must fit'),
        onUpdate: {
          enum: ['changed', 'all'],
          default: 'changed',
          description:
            'Whether an update is refused only for what it changes, or also for what the stored object already had',
        },
        rules: {
          type: 'array',
          description: 'Rules with their parameters and action',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['rule'],
            properties: {
              rule: { type: 'string', description: 'The name of the rule (npx tidewaiter rules)' },
              action: {
                enum: ACTIONS,
                default: 'deny',
                description: 'What a violation does: refuse, warn, or only tell the log and the audit annotations',
              },
              onUnknown: {
                enum: ACTIONS,
                default: 'warn',
                description: 'The same when the rule could not tell, for example because a registry did not answer',
              },
              parameters: { type: 'object', description: 'Parameters of the rule (npx tidewaiter explain rule NAME)' },
              message: {
                type: 'string',
                minLength: 1,
                maxLength: 500,
                description: 'Your own words, appended to the message of the rule',
              },
            },
          },
        },
      },
    },
  },
} as const;
