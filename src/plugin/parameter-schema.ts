/** JSON Schemas of parameters in plugins, which can have any keyword. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { SchemaError } from '../policy/schema-errors.ts';
import { type DocumentFault, faultsOf, type SchemaCheck } from '../policy/schema-faults.ts';

let ajv: Ajv2020 | undefined;

/** For a schema without faults. Ajv compiles each schema object once. */
export function parameterCheck(schema: object): SchemaCheck {
  return (value) => {
    ajv ??= new Ajv2020({ allErrors: true, verbose: true, strict: false, meta: false, validateSchema: false });
    const validate = ajv.compile(schema);
    return validate(value) ? [] : faultsOf((validate.errors ?? []).map(schemaError));
  };
}

/** Returns one fault for each pointer. Unknown keywords are faults. */
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
    return faultsOf([...places.values()].flatMap(([first]) => (first === undefined ? [] : schemaError(first))));
  }
  try {
    strict.compile(schema);
    return [];
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return [{ pointer: '', problem: problem.replace('strict mode: ', ''), at: 'value' }];
  }
}

function schemaError(error: ErrorObject): SchemaError {
  return {
    ...error,
    schema: error.schema,
    parentSchema: error.parentSchema,
    data: error.data,
    ofBranch: error.schemaPath.includes('/anyOf/'),
  };
}
