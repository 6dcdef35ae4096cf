/** The JSON Schema of the lines of a recording. */
import { CLUSTER_SOURCES } from './facts.ts';
import { REGISTRY_CAUSES } from '../policy/registry-fact.ts';
import { REGISTRY_SOURCE_NAMES } from '../policy/registry-questions.ts';
import { ENDPOINTS, RECORDING_FORMAT } from './format.ts';
import { ORIGIN_OBJECTS, ORIGIN_SOURCES } from './origin.ts';
import { SAID_ACTIONS, SAID_RESULTS } from './said.ts';

const text = (description: string): object => ({ type: 'string', description });
const time = (description: string): object => ({
  type: 'string',
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?Z$',
  hint: 'a time in UTC, for example 2027-01-31T12:00:00.000Z',
  description,
});
const texts = (description: string): object => ({ type: 'array', items: { type: 'string' }, description });
/** Sums of numbers that other programs wrote stay exact. */
const MAX_COUNT = 1_000_000_000_000;
const count = (description: string, minimum = 0): object => ({
  type: 'integer',
  minimum,
  maximum: MAX_COUNT,
  description,
});

/** Readers ignore unknown keys, so that later versions can add some. */
const object = (description: string, properties: Readonly<Record<string, object>>, required: readonly string[]) =>
  ({ type: 'object', description, required, properties }) as const;

const FOUND = 'Whether the server found the fact';
const USABLE = 'Whether it is usable';
const EXISTS = 'no: the image does not exist';

const UNKNOWN = {
  state: { const: 'unknown', description: FOUND },
  reason: text('Why the fact is unknown'),
  causedBy: { const: 'author', description: 'Only the author of the object can cause it' },
};

function factSchema(description: string, value: object): object {
  return {
    description,
    type: 'object',
    required: ['state'],
    properties: { state: { enum: ['yes', 'no', 'unknown'], description: FOUND } },
    oneOf: [
      { properties: { state: { const: 'yes', description: FOUND }, value }, required: ['value'] },
      { properties: { state: { const: 'no', description: FOUND } } },
      { properties: UNKNOWN, required: ['reason'] },
    ],
  };
}

function namedFacts(description: string, value: object): object {
  const item = object('A fact by name', { name: text('Name of the object'), fact: factSchema('The fact', value) }, [
    'name',
    'fact',
  ]);
  return { type: 'array', description, items: item };
}

const ENTRY = object(
  'A credential',
  {
    server: text('The key of the entry, without a password'),
    user: text('A keyed hash of the user name, the same within one run of a server; empty if there is none'),
    password: { enum: ['none', 'other', 'same'], description: 'same: the user name is also the password' },
    unreadTokens: texts('Kinds of tokens that the kubelet does not read'),
  },
  ['server', 'user', 'password'],
);

const SECRET = object(
  'A pull secret, without its values',
  {
    type: text('Type of the Secret'),
    keys: texts('Keys of its data'),
    bytes: count('Size of its data'),
    contents: {
      description: 'What the kubelet reads in it',
      type: 'object',
      required: ['state'],
      properties: {
        state: { enum: ['read', 'other-type', 'no-key', 'empty', 'malformed'], description: USABLE },
        key: text('The key that the type requires'),
        entries: { type: 'array', description: 'Its credentials', items: ENTRY },
        faults: texts('Why the kubelet rejects it'),
      },
      oneOf: [
        { properties: { state: { const: 'read', description: USABLE } }, required: ['key', 'entries'] },
        { properties: { state: { const: 'malformed', description: USABLE } }, required: ['key', 'faults'] },
        { properties: { state: { enum: ['no-key', 'empty'], description: USABLE } }, required: ['key'] },
        { properties: { state: { const: 'other-type', description: USABLE } } },
      ],
    },
  },
  ['type', 'keys', 'bytes', 'contents'],
);

const LOOKUP = object(
  'A registry lookup',
  {
    source: {
      enum: REGISTRY_SOURCE_NAMES,
      description: 'What was looked up, for example the digest (images), or platforms, age, and size (imageDetails)',
    },
    by: { enum: ['image', 'tag'], description: 'tag: the tag was looked up although the image has a digest' },
    image: text('The image with its registry'),
    credentials: texts('Pull secret, registry, and hash of the user of each credential that could be used'),
    incompleteReason: text('Why there can be more credentials'),
    refresh: { const: true, description: 'The registry was queried although the fact was remembered' },
    fact: {
      description: 'What the registry returned',
      type: 'object',
      required: ['state'],
      properties: {
        state: { enum: ['yes', 'no', 'unknown'], description: EXISTS },
        value: { type: 'object', description: 'What the registry has', required: ['digest', 'mediaType'] },
        failure: object(
          'Why the lookup failed',
          { cause: { enum: REGISTRY_CAUSES, description: 'Cause' }, message: text('Error message') },
          ['cause', 'message'],
        ),
      },
      oneOf: [
        { properties: { state: { const: 'yes', description: EXISTS } }, required: ['value'] },
        { properties: { state: { enum: ['no', 'unknown'], description: EXISTS } }, required: ['failure'] },
      ],
    },
  },
  ['source', 'by', 'image', 'credentials', 'fact'],
);

const FACTS = object(
  'What the server knew beyond the review',
  {
    sources: {
      type: 'array',
      items: { enum: [...CLUSTER_SOURCES, ...REGISTRY_SOURCE_NAMES] },
      description: 'Where the server could look up facts',
    },
    namespaceLabels: factSchema('Labels of the namespace', {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Labels',
    }),
    serviceAccounts: namedFacts('imagePullSecrets of ServiceAccounts', texts('Names of Secrets')),
    pullSecrets: namedFacts('Pull secrets', SECRET),
    registry: { type: 'array', items: LOOKUP, description: 'Responses of registries' },
  },
  ['sources'],
);

export const RESPONSE_SCHEMA = object(
  'The response, without its UID',
  {
    allowed: { type: 'boolean', description: 'The decision' },
    status: { type: 'object', description: 'Why the request was denied' },
    patch: { type: 'array', description: 'JSON Patch' },
    warnings: texts('Warnings'),
    auditAnnotations: { type: 'object', additionalProperties: { type: 'string' }, description: 'Audit annotations' },
  },
  ['allowed'],
);

const ORIGIN = object(
  'Where the line comes from, if serve did not record it',
  {
    source: { enum: ORIGIN_SOURCES, description: 'Where the object was read' },
    object: {
      enum: ORIGIN_OBJECTS,
      description: 'sent: as the client sent it, before API defaults and admission; stored: after them',
    },
    hasOldObject: { type: 'boolean', description: 'false: the old object of the UPDATE is unknown' },
    admitted: { type: 'boolean', description: 'The API server accepted the request' },
  },
  ['source', 'object'],
);

const SAID = object(
  'A decision of another admission policy',
  {
    by: text('kyverno, gatekeeper, another source of policy reports, or the name of a webhook'),
    policy: text('Name of the policy'),
    rule: text('Name of its rule'),
    result: { enum: SAID_RESULTS, description: 'Result, as in policy reports' },
    action: { enum: SAID_ACTIONS, description: 'What a fail did' },
    message: text('Message'),
  },
  ['by', 'result'],
);

const COMMON = {
  format: { const: RECORDING_FORMAT, description: 'Version of the format' },
  dropped: count('Reviews that were not recorded since the line before'),
};

export const REVIEW_LINE_SCHEMA = object(
  'One admission review',
  {
    ...COMMON,
    type: { const: 'review', description: 'Kind of the line' },
    id: text('Identifies the line across recordings'),
    time: time('When the server decided'),
    endpoint: { enum: ENDPOINTS, description: 'Endpoint of the webhook' },
    dryRun: { type: 'boolean', description: 'The request changed nothing' },
    review: { type: 'object', description: 'The AdmissionReview, redacted' },
    redacted: texts('JSON Pointers to values of the review that are not recorded; "*" is each element of a list'),
    facts: FACTS,
    response: RESPONSE_SCHEMA,
    origin: ORIGIN,
    said: { type: 'array', items: SAID, description: 'Decisions of other admission policies' },
    generation: text('Generation of the policies'),
    tidewaiter: text('Version of tidewaiter'),
    durationMs: { type: 'number', minimum: 0, description: 'Duration of the decision' },
    shape: text('Equal for reviews that differ only in UIDs, times, and generated names'),
  },
  [
    'format',
    'type',
    'id',
    'time',
    'endpoint',
    'dryRun',
    'review',
    'redacted',
    'facts',
    'tidewaiter',
    'shape',
    'dropped',
  ],
);

export const REPEATS_LINE_SCHEMA = object(
  'More reviews of the same shape',
  {
    ...COMMON,
    type: { const: 'repeats', description: 'Kind of the line' },
    of: text('id of the review that was recorded; it is in the same file'),
    count: count('How many reviews, without those of other lines', 1),
    first: time('Time of the first of them'),
    last: time('Time of the last of them'),
  },
  ['format', 'type', 'of', 'count', 'first', 'last', 'dropped'],
);

/** For editors and other programs. */
export const RECORDING_SCHEMA = {
  description: 'One line of a recording',
  type: 'object',
  required: ['type'],
  properties: { type: { enum: ['review', 'repeats'], description: 'Kind of the line' } },
  oneOf: [REVIEW_LINE_SCHEMA, REPEATS_LINE_SCHEMA],
};
