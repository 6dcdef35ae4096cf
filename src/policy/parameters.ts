/**
 * The parameters of a rule: the subset of JSON Schema (draft 2020-12) that types can express, the TypeScript type of a schema,
 * and its defaults.
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';

/** The keywords that types and defaults use; the draft has others. */
export interface ValueSchema {
  readonly type?: TypeName | readonly TypeName[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: { readonly [name: string]: ValueSchema };
  readonly additionalProperties?: boolean | ValueSchema;
  readonly required?: readonly string[];
  readonly items?: ValueSchema;
  /** Not in the draft: describes the allowed values in messages, instead of a keyword such as `pattern`. */
  readonly hint?: string;
  readonly [keyword: string]: unknown;
}

type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** Always an object, so that each parameter has a name. Unknown names are policy errors. */
export interface ParameterSchema extends ValueSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: { readonly [name: string]: ValueSchema };
  readonly minProperties?: number;
}

/** The type of the values that a schema accepts, with its defaults filled in. Types that it cannot express are `unknown`. */
export type FromSchema<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly type: infer Type }
      ? OfType<Type extends readonly (infer One)[] ? One : Type, S>
      : unknown;

type OfType<Type, S> = Type extends 'object'
  ? OfObject<S>
  : Type extends 'array'
    ? readonly (S extends { readonly items: infer Items } ? FromSchema<Items> : unknown)[]
    : Type extends keyof Scalars
      ? Scalars[Type]
      : unknown;

interface Scalars {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type OfObject<S> = S extends { readonly properties: infer Properties }
  ? Flat<
      { readonly [Key in Present<S, Properties>]: FromSchema<Properties[Key]> } & {
        readonly [Key in Exclude<keyof Properties, Present<S, Properties>>]?: FromSchema<Properties[Key]>;
      }
    >
  : {
      readonly [name: string]: S extends { readonly additionalProperties: infer Others } ? FromSchema<Others> : unknown;
    };

/** The keys that always have a value: required keys, and keys with a default. */
type Present<S, Properties> = {
  [Key in keyof Properties]: Properties[Key] extends { readonly default: unknown }
    ? Key
    : S extends { readonly required: readonly (infer Required)[] }
      ? Key extends Required
        ? Key
        : never
      : never;
}[keyof Properties];

type Flat<T> = { readonly [Key in keyof T]: T[Key] };

/** Returns a copy of `values` with defaults, including those in nested objects and lists. */
export function withDefaults(schema: ValueSchema, values: unknown): unknown {
  const { properties, items } = schema;
  if (Array.isArray(values)) return items === undefined ? values : values.map((value) => withDefaults(items, value));
  if (!isObject(values) || properties === undefined) return values;
  return { ...values, ...completed(properties, values) };
}

function completed(properties: { readonly [name: string]: ValueSchema }, values: JsonObject): JsonObject {
  const found: [string, unknown][] = [];
  for (const [name, schema] of Object.entries(properties)) {
    if (Object.hasOwn(values, name)) found.push([name, withDefaults(schema, values[name])]);
    else if (schema.default !== undefined) found.push([name, schema.default]);
  }
  // Assignment would break for a property named __proto__.
  return Object.fromEntries(found);
}
