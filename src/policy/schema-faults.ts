/** JSON Schema validation whose faults read like sentences: what is wrong, what is accepted, the nearest spelling. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { quoteValue } from '../image/quote.ts';
import { didYouMean } from '../image/suggestion.ts';
import { escapeSegment, jsonType } from '../pod/pointer.ts';

/** `pointer` is relative to the document; `at: 'key'` means that the key itself is what is wrong. */
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
    return validate(value) ? [] : (validate.errors ?? []).map(faultOf);
  };
}

let ajv: Ajv2020 | undefined;

/** The schemas are ours and tested, so they are not validated against the meta-schema at run time. */
function compiler(): Ajv2020 {
  ajv ??= new Ajv2020({ allErrors: true, verbose: true, strict: false, meta: false, validateSchema: false });
  return ajv;
}

/** What is wrong with a schema that is not ours, one fault for each place: keywords that nothing knows are faults too. */
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
    return [...places.values()].flatMap(([first]) => (first === undefined ? [] : [faultOf(first)]));
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

function faultOf(error: ErrorObject): DocumentFault {
  const fault = (problem: string): DocumentFault => ({ pointer: error.instancePath, problem, at: 'value' });
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, String(params['additionalProperty']));
    case 'required':
      return fault(`${quoteValue(String(params['missingProperty']))} is missing`);
    case 'enum':
      return fault(notAccepted(error.data, params['allowedValues'] as readonly string[]));
    case 'const':
      return fault(`expected ${JSON.stringify(params['allowedValue'])}, found ${show(error.data)}`);
    case 'type':
      return fault(`expected ${typeNames(params['type'])}, found ${jsonType(error.data)}${writtenHint(error)}`);
    case 'minItems':
    case 'minLength':
      return fault('must not be empty');
    case 'minProperties':
      return fault(`give at least one of ${Object.keys(propertiesOf(error)).join(', ')}`);
    default:
      return fault(`${show(error.data)} is not accepted: ${hintOf(error)}`);
  }
}

function typeNames(type: unknown): string {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return names.map((name) => EXPECTED[String(name)] ?? String(name)).join(' or ');
}

function unknownKey(error: ErrorObject, key: string): DocumentFault {
  const accepted = Object.keys(propertiesOf(error));
  const list = accepted.length === 0 ? 'none is accepted here' : `accepted: ${accepted.join(', ')}`;
  return {
    pointer: `${error.instancePath}/${escapeSegment(key)}`,
    problem: `unknown key ${quoteValue(key)}${didYouMean(key, accepted)} (${list})`,
    at: 'key',
  };
}

function notAccepted(value: unknown, accepted: readonly string[]): string {
  const nearest = typeof value === 'string' ? didYouMean(value, accepted) : '';
  return `${show(value)} is not accepted${nearest} (accepted: ${accepted.join(', ')})`;
}

function propertiesOf(error: ErrorObject): object {
  const schema = error.parentSchema as { readonly properties?: object } | undefined;
  return schema?.properties ?? {};
}

/** What is accepted, where the schema says more than its type. */
function writtenHint(error: ErrorObject): string {
  const schema = error.parentSchema as { readonly hint?: string } | undefined;
  return schema?.hint === undefined ? '' : `: ${schema.hint}`;
}

function hintOf(error: ErrorObject): string {
  const schema = error.parentSchema as { readonly hint?: string } | undefined;
  return schema?.hint ?? error.message ?? error.keyword;
}

function show(value: unknown): string {
  return typeof value === 'string' ? quoteValue(value) : jsonType(value);
}
