/**
 * The keywords of JSON Schema (draft 2020-12) that our own schemas have, with the errors of Ajv and in its order. Only plugins, whose
 * schemas can have any keyword, load Ajv (figures: test/bench/README.md).
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { type Check, type Group, GROUPS, KNOWN, type Report, type SchemaError } from './schema-keywords.ts';

export type { SchemaError };

const compiled = new WeakMap<object, Check>();

/** Throws for a schema with any other keyword. */
export function schemaErrors(schema: object, value: unknown): readonly SchemaError[] {
  let check = compiled.get(schema);
  if (check === undefined) compiled.set(schema, (check = compile(schema)));
  const errors: SchemaError[] = [];
  check(value, '', errors);
  return errors;
}

function compile(schema: unknown): Check {
  if (!isObject(schema)) return schema === false ? neverValid : alwaysValid;
  const unknown = Object.keys(schema).find((keyword) => !KNOWN.has(keyword));
  if (unknown !== undefined) throw new Error(`JSON Schema: unknown keyword ${unknown}`);
  const types = typesIn(schema);
  const checks = GROUPS.flatMap(({ type, keywords }) => ofGroup(schema, { type, keywords, types }));
  // Ajv checks a single type at the first keyword that depends on it.
  const isChecked = types.length === 0 || GROUPS.some((group) => dependsOn(schema, types, group));
  return inOrder(isChecked ? checks : [typeCheck(schema, types), ...checks]);
}

const alwaysValid: Check = () => undefined;

const neverValid: Check = (data, at, errors) =>
  void errors.push({
    keyword: 'false schema',
    instancePath: at,
    params: {},
    schema: false,
    parentSchema: false,
    data,
    message: 'boolean schema is false',
    ofBranch: false,
  });

function inOrder(checks: readonly Check[]): Check {
  return (data, at, errors) => {
    for (const check of checks) check(data, at, errors);
  };
}

function ofGroup(schema: JsonObject, group: Group & { readonly types: readonly string[] }): readonly Check[] {
  const { type, keywords, types } = group;
  const checks = Object.entries(keywords).flatMap(([keyword, checkFor]) =>
    schema[keyword] === undefined
      ? []
      : [checkFor(schema[keyword], { schema, report: reporter(keyword, schema), compile })],
  );
  if (type === undefined || checks.length === 0) return checks;
  const check = inOrder(checks);
  const otherwise = dependsOn(schema, types, group) ? typeCheck(schema, types) : alwaysValid;
  return [(data, at, errors) => (isOfType(data, type) ? check : otherwise)(data, at, errors)];
}

function dependsOn(schema: JsonObject, types: readonly string[], { type, keywords }: Group): boolean {
  return types.length === 1 && types[0] === type && Object.keys(keywords).some((key) => schema[key] !== undefined);
}

function typesIn({ type = [] }: JsonObject): readonly string[] {
  return Array.isArray(type) ? type : [String(type)];
}

function typeCheck(schema: JsonObject, types: readonly string[]): Check {
  const report = reporter('type', schema);
  return (data, at, errors) => {
    if (!types.some((type) => isOfType(data, type))) report({ data, at, params: { type: schema['type'] } }, errors);
  };
}

function isOfType(data: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return isObject(data);
    case 'array':
      return Array.isArray(data);
    case 'integer':
      return Number.isInteger(data);
    case 'number':
      return Number.isFinite(data);
    case 'null':
      return data === null;
    default:
      return typeof data === type;
  }
}

function reporter(keyword: string, schema: JsonObject): Report {
  return ({ at, ...found }, errors) =>
    void errors.push({
      keyword,
      instancePath: at,
      schema: schema[keyword],
      parentSchema: schema,
      ofBranch: false,
      ...found,
    });
}
