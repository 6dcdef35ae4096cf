/** What a row of the table of keys (keys.ts) can say, and what is derived from it. */
import type { Value } from './values.ts';

export interface Key {
  /** JSON Schema of the value, with its default and what it means. */
  readonly schema: { readonly [keyword: string]: unknown; readonly description: string };
  /** true: the variable TIDEWAITER_… sets it. Text: the separator between items of a list. */
  readonly variable?: true | string;
  /** From the text of a variable or a flag. */
  readonly parse?: (text: string, from: string) => unknown;
  readonly flag?: Flag;
  /** Members of the value, or the key itself, that are file paths: relative to tidewaiter.yaml. */
  readonly paths?: readonly string[];
  /** As `--print-config` shows it. */
  readonly shown?: (value: unknown) => unknown;
  /** Fields of Config that are read from it. */
  readonly read?: Readonly<Record<string, (value: Value, given: (key: string) => Value) => unknown>>;
  /** Other keys that its fields are also read from. */
  readonly uses?: readonly string[];
}

export interface Flag {
  /** In camel case, as commander names it. */
  readonly name: string;
  readonly short?: string;
  readonly value: string;
  readonly help: string;
  readonly isRepeatable?: true;
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

/** The member of a command's flags that a row adds. */
export type FlagOf<R> = R extends { readonly flag: { readonly name: infer N extends string } }
  ? {
      readonly [Name in N]?:
        | (R extends { readonly flag: { readonly isRepeatable: true } } ? readonly string[] : string)
        | undefined;
    }
  : never;
