/** Shared parts of the JSON Schemas (draft 2020-12) of all documents: the envelope, lists of strings, and list references. */

export const API_VERSION = 'tidewaiter.dev/v1alpha1';

const NAME = {
  type: 'string',
  maxLength: 63,
  pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  hint: 'lowercase letters, digits, and inner hyphens, at most 63 characters',
} as const;

interface DocumentSchema<S extends object> {
  readonly properties: { readonly [key: string]: object; readonly spec: S };
  readonly [keyword: string]: unknown;
}

/** A document with apiVersion, kind, metadata, and spec. Labels and annotations are ignored. */
export function documentSchema<const S extends object>(
  kind: string,
  { name, description, spec }: { readonly name: string; readonly description: string; readonly spec: S },
): DocumentSchema<S> {
  return {
    type: 'object',
    description,
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { const: API_VERSION, description: 'Version of the format' },
      kind: { const: kind, description: 'Kind of the document' },
      metadata: {
        type: 'object',
        description: 'The name; labels and annotations are allowed and ignored',
        required: ['name'],
        properties: { name: { ...NAME, description: name } },
      },
      spec,
    },
  };
}

/** A list of strings, or of references to named lists. */
export function strings(description: string, more: object = {}): object {
  return { type: 'array', items: { type: 'string', minLength: 1 }, description, ...more };
}

export function oneOf(values: readonly string[], description: string): object {
  return { type: 'array', items: { enum: values }, description };
}

const LIST_REFERENCE = {
  type: 'object',
  description: 'Includes all items of a named list (kind: ImageNameList)',
  additionalProperties: false,
  required: ['list'],
  properties: { list: { ...NAME, description: 'metadata.name of the list' } },
} as const;

/** Every list of strings also allows references to named lists (list-reference.ts). */
export function takesTexts(schema: object): schema is { readonly items: object } {
  if (!('items' in schema)) return false;
  const { items } = schema;
  return typeof items === 'object' && items !== null && 'type' in items && items.type === 'string';
}

/**
 * Allows `{list: NAME}` in every list of strings, for editors. The loader expands references first and then uses the plain
 * schema.
 */
export function withListReferences(schema: object): object {
  if (takesTexts(schema)) return { ...schema, items: { anyOf: [schema.items, LIST_REFERENCE] } };
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]: [string, unknown]) => {
      if (key === 'properties') return [key, mapValues(value, withListReferences)];
      return [key, key === 'items' && isSchema(value) ? withListReferences(value) : value];
    }),
  );
}

function mapValues(value: unknown, change: (schema: object) => object): unknown {
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]: [string, unknown]) => [key, isSchema(child) ? change(child) : child]),
  );
}

function isSchema(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
