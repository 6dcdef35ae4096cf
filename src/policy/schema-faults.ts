/** JSON Schema validation with readable faults: the problem, the allowed values, and the closest spelling. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { quoteValue } from '../image/quote.ts';
import { didYouMean, didYouMeanKey } from '../image/suggestion.ts';
import { escapeSegment, jsonType } from '../pod/pointer.ts';

/** `pointer` is relative to the document; `at: 'key'` means that the key is wrong. */
export interface DocumentFault {
  readonly pointer: string;
  readonly problem: string;
  readonly at: 'key' | 'value';
  /** The fault is in this named list, and `pointer` is relative to its document; `usedAt` is where the list is used. */
  readonly list?: { readonly name: string; readonly usedAt: string } | undefined;
}

export type SchemaCheck = (value: unknown) => readonly DocumentFault[];

/** Compiles on first use, because a process uses few of the schemas. Ajv compiles each schema object once. */
export function schemaCheck(schema: object): SchemaCheck {
  return (value) => {
    const validate = compiler().compile(schema);
    return validate(value) ? [] : faultsOf(validate.errors ?? []);
  };
}

function faultsOf(errors: readonly ErrorObject[]): readonly DocumentFault[] {
  const listed = new Set<object>();
  return errors.map((error) => faultOf(error, listed));
}

let ajv: Ajv2020 | undefined;

/** Tests validate these schemas against the meta-schema, so this does not happen at run time. */
function compiler(): Ajv2020 {
  ajv ??= new Ajv2020({ allErrors: true, verbose: true, strict: false, meta: false, validateSchema: false });
  return ajv;
}

/** Checks the schema of a plugin, with one fault for each pointer. Unknown keywords are faults. */
export function faultsOfSchema(schema: object): readonly DocumentFault[] {
  const strict = new Ajv2020({
    allErrors: true,
    verbose: true,
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
    keywords: ['hint'],
    logger: false,
  });
  if (strict.validateSchema(schema) !== true) {
    const places = Map.groupBy(strict.errors ?? [], ({ instancePath }) => instancePath);
    return faultsOf([...places.values()].flatMap(([first]) => first ?? []));
  }
  try {
    strict.compile(schema);
    return [];
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return [{ pointer: '', problem: problem.replace('strict mode: ', ''), at: 'value' }];
  }
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
function faultOf(error: ErrorObject, listed: Set<object>): DocumentFault {
  const fault = (problem: string): DocumentFault => ({ pointer: error.instancePath, problem, at: 'value' });
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, String(params['additionalProperty']), listed);
    case 'required':
      return fault(`${quoteValue(String(params['missingProperty']))} is required`);
    case 'enum':
      return fault(invalidValue(error.data, params['allowedValues'] as readonly string[]));
    case 'const':
      return fault(`expected ${JSON.stringify(params['allowedValue'])}, found ${show(error.data)}`);
    case 'type':
      return fault(`expected ${typeNames(params['type'])}, found ${jsonType(error.data)}${writtenHint(error)}`);
    case 'minItems':
    case 'minLength':
      return fault('must not be empty');
    case 'minProperties':
      return fault(`set at least one of ${Object.keys(propertiesOf(error)).join(', ')}${writtenHint(error)}`);
    default:
      return fault(`invalid value ${show(error.data)}: ${hintOf(error)}`);
  }
}

function typeNames(type: unknown): string {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return names.map((name) => EXPECTED[String(name)] ?? String(name)).join(' or ');
}

/** A longer list of keys would hide the suggestion. */
const MAX_LISTED = 8;

function unknownKey(error: ErrorObject, key: string, listed: Set<object>): DocumentFault {
  const properties = propertiesOf(error);
  const known = Object.keys(properties);
  const suggestion = didYouMeanKey(key, known);
  const list = known.length === 0 ? 'no keys are allowed here' : `expected ${orList(known)}`;
  const omitted = known.length > MAX_LISTED && (suggestion !== '' || listed.has(properties));
  if (!omitted) listed.add(properties);
  return {
    pointer: `${error.instancePath}/${escapeSegment(key)}`,
    problem: `unknown key ${quoteValue(key)}${suggestion}${omitted ? '' : ` (${list})`}`,
    at: 'key',
  };
}

function invalidValue(value: unknown, allowed: readonly string[]): string {
  if (typeof value !== 'string') return `expected ${orList(allowed)}, found ${jsonType(value)}`;
  return `invalid value ${quoteValue(value)}${didYouMean(value, allowed)} (expected ${orList(allowed)})`;
}

/** `a, b, or c` */
export function orList(items: readonly string[]): string {
  if (items.length < 3) return items.join(' or ');
  return `${items.slice(0, -1).join(', ')}, or ${items.at(-1) ?? ''}`;
}

function propertiesOf(error: ErrorObject): object {
  const schema = error.parentSchema as { readonly properties?: object } | undefined;
  return schema?.properties ?? {};
}

/** The hint of the schema, if it has one. */
function writtenHint(error: ErrorObject): string {
  const schema = error.parentSchema as { readonly hint?: string } | undefined;
  return schema?.hint === undefined ? '' : `: ${schema.hint}`;
}

function hintOf({ parentSchema, keyword, params, message }: ErrorObject): string {
  const schema = parentSchema as { readonly hint?: string } | undefined;
  if (schema?.hint !== undefined) return `expected ${schema.hint}`;
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
