/**
 * The JSON Schemas for editors. In addition to the schemas of the loader, they list the rules with their parameters, so that
 * editors complete and check the parameters of each rule.
 */
import type { Rule } from './rule.ts';
import { API_VERSION, withListReferences } from './document-schema.ts';
import { CHANGE_KEYS, DOCUMENT_KINDS, DOCUMENTS, POLICY_SCHEMA } from './schema.ts';
import { SUITE_KIND, SUITE_SCHEMA } from './suite-schema.ts';

interface DocumentSchema {
  /** Name in `tidewaiter schema` and of the published file. */
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly schema: (rules: readonly Rule[]) => object;
}

/** All kinds of documents. */
export const DOCUMENT_SCHEMAS: readonly DocumentSchema[] = [
  ...DOCUMENT_KINDS.map((kind) => {
    const { name, title, schema } = DOCUMENTS[kind];
    const withRules = (rules: readonly Rule[]): object => withListReferences(policySchema(rules));
    return { name, kind, title, schema: kind === 'ImagePolicy' ? withRules : () => schema };
  }),
  { name: 'test-suite', kind: SUITE_KIND, title: 'A test suite for tidewaiter policies', schema: () => SUITE_SCHEMA },
];

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** A schema on its own, with its identity. */
export function publish(name: string, title: string, schema: object): object {
  return { $schema: DRAFT, $id: `https://tidewaiter.dev/schemas/${name}.json`, title, ...standard(schema) };
}

/** One schema for all kinds of documents: `kind` chooses. */
export function anyDocumentSchema(rules: readonly Rule[]): object {
  return {
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: {
      apiVersion: { const: API_VERSION, description: 'Version of the format' },
      kind: { enum: DOCUMENT_SCHEMAS.map(({ kind }) => kind), description: 'Kind of the document' },
    },
    allOf: DOCUMENT_SCHEMAS.map(({ kind }) => ({
      if: { required: ['kind'], properties: { kind: { const: kind } } },
      then: { $ref: `#/$defs/${kind}` },
    })),
    $defs: Object.fromEntries(
      DOCUMENT_SCHEMAS.map(({ kind, title, schema }) => [kind, { title, ...standard(schema(rules)) }]),
    ),
  };
}

function policySchema(rules: readonly Rule[]): object {
  const { spec } = POLICY_SCHEMA.properties;
  const { items } = spec.properties.rules;
  const rule = {
    enum: rules.map(({ name }) => name),
    // Not in the standard; some editors show it.
    enumDescriptions: rules.map(({ description }) => description),
    description: items.properties.rule.description,
  };
  const entry = {
    ...items,
    properties: { ...items.properties, rule },
    allOf: rules.map((one) => parametersBranch(one)),
  };
  const properties = { ...spec.properties, rules: { ...spec.properties.rules, items: entry } };
  // The loader checks this in code, with a better message.
  const anyOf = ['rules', ...CHANGE_KEYS].map((key) => ({ required: [key] }));
  return { ...POLICY_SCHEMA, properties: { ...POLICY_SCHEMA.properties, spec: { ...spec, properties, anyOf } } };
}

function parametersBranch({ name, description, parameters }: Rule): object {
  const needed = (parameters.minProperties ?? 0) > 0 || parameters.required !== undefined;
  return {
    if: { required: ['rule'], properties: { rule: { const: name } } },
    then: {
      ...(needed ? { required: ['parameters'] } : {}),
      properties: { parameters: { description, ...withListReferences(parameters) } },
    },
  };
}

/**
 * Replaces keywords that are not in JSON Schema. `hint` becomes part of the description and the error message of a pattern.
 * `editorPattern` becomes `pattern`; the loader checks such values in code, with better messages.
 */
function standard(schema: unknown): object {
  const plain = rewritten(schema);
  return typeof plain === 'object' && plain !== null ? plain : {};
}

function rewritten(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rewritten);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { hint, editorPattern, ...plain } = schema as { readonly hint?: unknown; readonly editorPattern?: unknown };
  const rest = editorPattern === undefined ? plain : { ...plain, pattern: editorPattern };
  const copy = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, child(key, value)]));
  if (typeof hint !== 'string') return copy;
  const description = [copy['description'], hint].filter((part) => typeof part === 'string').join('; ');
  return { ...copy, description, ...('pattern' in copy ? { patternErrorMessage: `expected ${hint}` } : {}) };
}

/** The keys below MAPS are names, not keywords. The values of VALUES are not schemas. */
const MAPS = new Set(['properties', '$defs']);
const VALUES = new Set(['default', 'const', 'enum', 'examples']);

function child(keyword: string, value: unknown): unknown {
  if (VALUES.has(keyword)) return value;
  if (!MAPS.has(keyword) || typeof value !== 'object' || value === null) return rewritten(value);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, rewritten(schema)]));
}
