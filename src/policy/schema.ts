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
    matchLabels: { type: 'object', additionalProperties: { type: 'string' } },
    matchExpressions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'operator'],
        properties: {
          key: { type: 'string', minLength: 1 },
          operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
          values: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
};

const CLAUSE = {
  type: 'object',
  additionalProperties: false,
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
};

export const POLICY_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: API_VERSION },
    kind: { const: 'ImagePolicy' },
    metadata: {
      type: 'object',
      required: ['name'],
      properties: {
        name: {
          type: 'string',
          maxLength: 63,
          pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
          hint: 'lower-case letters, digits and inner hyphens, at most 63',
        },
      },
    },
    spec: {
      type: 'object',
      additionalProperties: false,
      required: ['rules'],
      properties: {
        description: { type: 'string' },
        match: CLAUSE,
        exclude: CLAUSE,
        onUpdate: { enum: ['changed', 'all'] },
        rules: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['rule'],
            properties: {
              rule: { type: 'string' },
              action: { enum: ACTIONS },
              onUnknown: { enum: ACTIONS },
              parameters: { type: 'object' },
              message: { type: 'string', minLength: 1, maxLength: 500 },
            },
          },
        },
      },
    },
  },
} as const;
