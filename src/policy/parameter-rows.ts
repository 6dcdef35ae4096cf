/** The parameters of a rule as rows for documentation: name, type in words, default, and description. */
import type { ParameterSchema } from './parameters.ts';

export interface ParameterRow {
  /** `allow`, or the path to a part of it: `keys[].name`. */
  readonly name: string;
  /** In words: `list of strings`. */
  readonly type: string;
  readonly required: boolean;
  /** As JSON; `undefined` when there is none. */
  readonly default: string | undefined;
  readonly description: string;
}

/** The part of JSON Schema that parameters are written in. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  /** Not in the draft: describes the allowed values. */
  readonly hint?: string;
}

export function parameterRows(parameters: ParameterSchema): readonly ParameterRow[] {
  return rowsOf(parameters, '');
}

/** A requirement that the rows do not show. */
export function parameterNote({ minProperties = 0 }: ParameterSchema): string | undefined {
  return minProperties > 0 ? 'set at least one' : undefined;
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): readonly ParameterRow[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const row = {
      name,
      type: typeText(schema),
      required: required.includes(key),
      default: schema.default === undefined ? undefined : JSON.stringify(schema.default),
      description: [schema.description, schema.hint ?? schema.items?.hint].filter(Boolean).join('; '),
    };
    const inner = schema.items ?? schema;
    return [row, ...rowsOf(inner, schema.items === undefined ? `${name}.` : `${name}[].`)];
  });
}

const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['string', 'strings'],
  boolean: ['true or false', 'true or false'],
  integer: ['whole number', 'whole numbers'],
  number: ['number', 'numbers'],
  object: ['object', 'objects'],
  null: ['null', 'null'],
};

function typeText(schema: Schema, many = false): string {
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values !== undefined) return `${many || values.length === 1 ? '' : 'one of '}${values.map(valueText).join(', ')}`;
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return choices.map((choice) => typeText(choice, many)).join(' or ');
  return collectionText(schema, many) ?? scalarText(schema, many);
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function collectionText(schema: Schema, many: boolean): string | undefined {
  if (schema.type === 'array') return `${many ? 'lists' : 'list'} of ${typeText(schema.items ?? {}, true)}`;
  if (isMap(schema)) return `${many ? 'maps' : 'map'} of ${typeText(schema.additionalProperties, true)}`;
  return undefined;
}

function scalarText(schema: Schema, many: boolean): string {
  const words = [schema.type ?? ''].flat().map((type) => {
    const [one, more] = WORDS[type] ?? ['value', 'values'];
    return many ? more : one;
  });
  return `${words.join(' or ')}${rangeText(schema)}`;
}

function isMap(schema: Schema): schema is Schema & { readonly additionalProperties: Schema } {
  return typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null;
}

function rangeText({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? '' : `, at most ${maximum}`;
}
