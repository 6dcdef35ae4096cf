/** The text of a variable or a flag -> the value of its key, checked against the key's schema. */
import { UserError } from '../error/user-error.ts';
import { orValues } from '../image/or-list.ts';
import { quoteValue } from '../image/quote.ts';
import { schemaCheck } from '../policy/schema-faults.ts';
import type { ValueSchema } from './key.ts';

/** `texts`: one for each item if the value is a list. */
export function parseTexts(schema: ValueSchema, texts: string | readonly string[], from: string): unknown {
  const { items = {} } = schema;
  return typeof texts === 'string' ? parseText(schema, texts, from) : texts.map((text) => parseText(items, text, from));
}

function parseText(schema: ValueSchema, text: string, from: string): unknown {
  const value = scalarOf(text, schema.type);
  if (schemaCheck(schema)(value).length === 0) return value;
  throw new UserError(`${from}: expected ${expectedBy(schema)}, found ${quoteValue(text)}`);
}

/** Returns the text itself if it does not have the type; the schema then rejects it. */
function scalarOf(text: string, type: unknown): unknown {
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  const isNumber = typeof type === 'string' && NUMBERS[type]?.test(text) === true;
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

const NUMBERS: Readonly<Record<string, RegExp>> = { integer: /^-?\d+$/, number: /^-?\d+(\.\d+)?$/ };

const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function expectedBy({ hint, enum: values, type, minimum, maximum, pattern }: ValueSchema): string {
  if (hint !== undefined) return hint;
  if (values !== undefined) return orValues(values);
  if (pattern !== undefined) return `text that matches ${pattern}`;
  return `${TYPES[type ?? ''] ?? 'text that is not empty'}${range(minimum, maximum)}`;
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}
