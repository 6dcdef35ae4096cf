/** JSON Schema validation with readable faults: the problem, the allowed values, and the closest spelling. */
import { orList, orValues, someOf } from '../image/or-list.ts';
import { escapeUnprintable, quoteValue } from '../image/quote.ts';
import { didYouMean, didYouMeanKey } from '../image/suggestion.ts';
import { escapeSegment, jsonType } from '../pod/pointer.ts';
import { type SchemaError, schemaErrors } from './schema-errors.ts';

/** `pointer` is relative to the document; `at: 'key'` means that the key is wrong. */
export interface DocumentFault {
  readonly pointer: string;
  readonly problem: string;
  readonly at: 'key' | 'value';
  /** The fault is in this named list, and `pointer` is relative to its document; `usedAt` is where the list is used. */
  readonly list?: { readonly name: string; readonly usedAt: string } | undefined;
}

export type SchemaCheck = (value: unknown) => readonly DocumentFault[];

/** A message about a place in a document: `spec/rules/0/rule: …`. */
export function faultText({ pointer, problem }: Pick<DocumentFault, 'pointer' | 'problem'>): string {
  return pointer === '' ? problem : `${escapeUnprintable(pointer.slice(1))}: ${problem}`;
}

export function schemaCheck(schema: object): SchemaCheck {
  return (value) => faultsOf(schemaErrors(schema, value));
}

export function faultsOf(errors: readonly SchemaError[]): readonly DocumentFault[] {
  const listed = new Set<object>();
  // The fault of anyOf has the keys of its branches.
  const own = errors.filter((error) => !isOfBranch(error));
  const misspelled = new Set(own.flatMap(meantKey));
  return own.filter((error) => !isMissing(error, misspelled)).map((error) => faultOf(error, listed));
}

/** The pointer of the key that an unknown one is taken for: that this key is missing is the same mistake. */
function meantKey(error: SchemaError): readonly string[] {
  if (error.keyword !== 'additionalProperties') return [];
  const [, meant] = /"(.*)"/.exec(didYouMeanKey(unknownIn(error), Object.keys(propertiesOf(error)))) ?? [];
  return meant === undefined ? [] : [`${error.instancePath}/${meant}`];
}

function isMissing({ keyword, instancePath, params }: SchemaError, keys: ReadonlySet<string>): boolean {
  return keyword === 'required' && keys.has(`${instancePath}/${String(params['missingProperty'])}`);
}

function unknownIn({ params }: SchemaError): string {
  return String(params['additionalProperty']);
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  'string,array': 'a string or a list',
  'string,number': 'a string or a number',
};

/** `listed`: the schemas whose long list of keys is already in a message. */
function faultOf(error: SchemaError, listed: Set<object>): DocumentFault {
  const fault = (problem: string): DocumentFault => ({ pointer: error.instancePath, problem, at: 'value' });
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, unknownIn(error), listed);
    case 'required':
      return fault(`${quoteValue(String(params['missingProperty']))} is required`);
    case 'enum':
      return fault(invalidValue(error.data, params['allowedValues'] as readonly string[]));
    case 'const':
      return fault(`expected ${JSON.stringify(params['allowedValue'])}, found ${show(error.data)}`);
    case 'type':
      return fault(wrongType(error));
    case 'minItems':
    case 'minLength':
      return fault('must not be empty');
    case 'anyOf':
      return fault(atLeastOne(error));
    case 'minProperties':
      return fault(setOneOf(Object.keys(propertiesOf(error)), error));
    default:
      return fault(`invalid value ${show(error.data)}: ${hintOf(error)}`);
  }
}

/** A missing key of `anyOf: [{required: [a]}, {required: [b]}]`. */
function isOfBranch({ keyword, ofBranch }: SchemaError): boolean {
  return keyword === 'required' && ofBranch;
}

function atLeastOne(error: SchemaError): string {
  const branches: readonly { readonly required?: readonly string[] }[] = Array.isArray(error.schema)
    ? error.schema
    : [];
  const keys = branches.flatMap(({ required = [] }) => required);
  return keys.length === 0 ? `invalid value ${show(error.data)}: ${hintOf(error)}` : setOneOf(keys, error);
}

function setOneOf(keys: readonly string[], error: SchemaError): string {
  return `set at least one of ${orList(keys)}${exampleOf(error)}`;
}

/** The hint of a scalar says what is expected, that of an object or a list has an example. */
function wrongType(error: SchemaError): string {
  const example = exampleOf(error);
  const expected = example === '' ? hintIn(error) : undefined;
  const types: unknown = error.params['type'];
  return `expected ${expected ?? typeNames(types)}, found ${jsonType(error.data)}${example}`;
}

function typeNames(type: unknown): string {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return names.map((name) => EXPECTED[String(name)] ?? String(name)).join(' or ');
}

/** A longer list of keys would hide the suggestion, and is printed once. */
const MAX_LISTED = 8;

function unknownKey(error: SchemaError, key: string, listed: Set<object>): DocumentFault {
  const properties = propertiesOf(error);
  const known = Object.keys(properties);
  const suggestion = didYouMeanKey(key, known);
  const list = known.length === 0 ? 'no keys are allowed here' : `expected ${someOf(known)}`;
  const omitted = known.length > MAX_LISTED && (suggestion !== '' || listed.has(properties));
  if (!omitted) listed.add(properties);
  return {
    pointer: `${error.instancePath}/${escapeSegment(key)}`,
    problem: `unknown key ${quoteValue(key)}${suggestion}${omitted ? '' : ` (${list})`}`,
    at: 'key',
  };
}

function invalidValue(value: unknown, allowed: readonly string[]): string {
  if (typeof value !== 'string') return `expected ${orValues(allowed)}, found ${jsonType(value)}`;
  return `invalid value ${quoteValue(value)}${didYouMean(value, allowed)} (expected ${orValues(allowed)})`;
}

function propertiesOf(error: SchemaError): object {
  const schema = error.parentSchema as { readonly properties?: object } | undefined;
  return schema?.properties ?? {};
}

function hintIn({ parentSchema }: SchemaError): string | undefined {
  const schema = parentSchema as { readonly hint?: string } | undefined;
  return schema?.hint;
}

/** `, for example …`, if the schema has an example instead of what is expected. */
function exampleOf(error: SchemaError): string {
  const hint = hintIn(error);
  return hint?.startsWith('for example ') ? `, ${hint}` : '';
}

function hintOf(error: SchemaError): string {
  const { keyword, params, message } = error;
  const hint = hintIn(error);
  if (hint !== undefined) return `expected ${hint}`;
  const { limit } = params as { readonly limit?: unknown };
  return LIMITS[keyword]?.(String(limit)) ?? message ?? keyword;
}

const LIMITS: Readonly<Record<string, (limit: string) => string>> = {
  minimum: (limit) => `must be at least ${limit}`,
  maximum: (limit) => `must be at most ${limit}`,
  maxLength: (limit) => `must have at most ${limit} characters`,
  maxItems: (limit) => `must have at most ${limit} items`,
};

function show(value: unknown): string {
  if (typeof value === 'string') return quoteValue(value);
  return typeof value === 'number' ? String(value) : jsonType(value);
}
