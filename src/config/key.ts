/** The type of a row in the table of keys (keys.ts), and values derived from a row. */
import type { Value } from './values.ts';

/** JSON Schema of a value, with its default and what it means. */
export interface ValueSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** What is expected, for messages. */
  readonly hint?: string;
  readonly items?: ValueSchema;
}

export interface Key {
  /** Also checks the texts of its variable and its flag. */
  readonly schema: ValueSchema & { readonly description: string };
  /** true: the variable TIDEWAITER_… sets it. A string: the separator between items of a list in this variable. */
  readonly variable?: true | string;
  readonly flag?: Flag;
  /** Members of the value, or the key itself, that are file paths relative to tidewaiter.yaml. */
  readonly paths?: readonly string[];
  /** Converts the value for `--print-config`. */
  readonly shown?: (value: unknown) => unknown;
  /** Fields of Config that this key sets, each with its reader. */
  readonly read?: Readonly<Record<string, (value: Value, given: (key: string) => Value) => unknown>>;
  /** Other keys that its readers use. */
  readonly uses?: readonly string[];
}

export interface Flag {
  /** The camel case name, as in commander. */
  readonly name: string;
  readonly short?: string;
  readonly value: string;
  /** Without the default of the schema, which is added. */
  readonly help: string;
  readonly isRepeatable?: true;
}

/** As help and documentation show it; undefined if there is no default, or if it is a list. */
export function defaultText(schema: ValueSchema): string | undefined {
  const value = schema['default'];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** `operationsPort` -> `TIDEWAITER_OPERATIONS_PORT` */
export function variableOf(key: string): string {
  return `TIDEWAITER_${words(key, '_').toUpperCase()}`;
}

/** `clientName` -> `--client-name` */
export function optionOf({ name }: Pick<Flag, 'name'>): string {
  return `--${words(name, '-')}`;
}

function words(name: string, separator: string): string {
  return name.replace(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
}

/** The intersection of all members of a union. */
export type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

export type ResultsOf<Readers> = {
  readonly [F in keyof Readers]: Readers[F] extends (...given: never) => infer T ? Awaited<T> : never;
};

/** The member that a row adds to the flags of a command. */
export type FlagOf<R> = R extends { readonly flag: { readonly name: infer N extends string } }
  ? {
      readonly [Name in N]?:
        | (R extends { readonly flag: { readonly isRepeatable: true } } ? readonly string[] : string)
        | undefined;
    }
  : never;
