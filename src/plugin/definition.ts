/** Checks the rules that a plugin exports, because plugins are not type-checked when they load. */
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { NEEDS } from '../policy/fact.ts';
import { type ValueSchema, withDefaults } from '../policy/parameters.ts';
import type { Rule } from '../policy/rule.ts';
import { type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';
import { faultsOfSchema, parameterCheck } from './parameter-schema.ts';

export type RulesResult =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const checkDefinition = schemaCheck({
  type: 'object',
  additionalProperties: false,
  required: ['name', 'description', 'parameters', 'needs', 'check'],
  properties: {
    name: {
      type: 'string',
      maxLength: 63,
      pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
      hint: 'lowercase words joined by hyphens, at most 63 characters',
    },
    description: { type: 'string', minLength: 1 },
    docs: {
      type: 'object',
      additionalProperties: false,
      required: ['why', 'remedy', 'example'],
      properties: {
        why: { type: 'string' },
        remedy: { type: 'string' },
        example: {
          type: 'object',
          additionalProperties: false,
          required: ['parameters', 'pass', 'fail'],
          properties: {
            parameters: { type: 'object' },
            pass: { type: 'string' },
            fail: { type: 'string' },
            registry: { type: 'object' },
          },
        },
      },
    },
    parameters: {
      type: 'object',
      required: ['type', 'additionalProperties', 'properties'],
      properties: {
        type: { const: 'object' },
        additionalProperties: { const: false },
        properties: { type: 'object' },
        $async: false,
      },
    },
    needs: { type: 'array', items: { enum: NEEDS } },
    prepare: {},
    check: {},
  },
});

/** `exported` is the default export. */
export function parseRules(exported: unknown): RulesResult {
  if (exported === undefined) {
    return { ok: false, problems: ['no default export; add export default [defineRule({…})]'] };
  }
  if (!Array.isArray(exported)) {
    return { ok: false, problems: [`default: expected a list of rules, found ${jsonType(exported)}`] };
  }
  if (exported.length === 0) return { ok: false, problems: ['default: the list of rules is empty'] };
  const problems = exported.flatMap((rule: unknown, index) =>
    ruleProblems(rule).map((problem) => `default/${index}${problem}`),
  );
  return problems.length === 0 ? { ok: true, rules: exported as readonly Rule[] } : { ok: false, problems };
}

/** Each problem starts with a JSON Pointer in the rule: `/needs/0: …`. */
function ruleProblems(rule: unknown): readonly string[] {
  const definition = isObject(rule) ? rule['definition'] : undefined;
  if (!isObject(rule) || !isObject(definition) || typeof rule['bind'] !== 'function') {
    return [`: expected what defineRule({…}) returns, found ${jsonType(rule)}`];
  }
  const faults = [...checkDefinition(definition)];
  const functions = functionProblems(definition);
  if (faults.length === 0) faults.push(...parameterFaults(definition['parameters'] as ValueSchema));
  return [...faults.map(({ pointer, problem }) => `${pointer}: ${problem}`), ...functions];
}

function parameterFaults(schema: ValueSchema): readonly DocumentFault[] {
  const faults = faultsOfSchema(schema);
  const wrong = faults.length > 0 ? faults : defaultFaults(schema);
  return wrong.map((fault) => ({ ...fault, pointer: `/parameters${fault.pointer}` }));
}

/** Types follow the schema, so a default must be valid by the schema. */
function defaultFaults(schema: ValueSchema): readonly DocumentFault[] {
  const faults = parameterCheck(schema)(withDefaults(schema, {}));
  // Faults of the whole object: required keys have no default.
  return faults.flatMap((fault) =>
    fault.pointer === '' ? [] : [{ ...fault, problem: `invalid default: ${fault.problem}` }],
  );
}

function functionProblems({ check, prepare }: JsonObject): readonly string[] {
  const problems: string[] = [];
  for (const [name, value, optional] of [
    ['check', check, false],
    ['prepare', prepare, true],
  ] as const) {
    if (value === undefined && optional) continue;
    if (typeof value !== 'function') {
      // The schema reports a missing function.
      if (value !== undefined) problems.push(`/${name}: expected a function, found ${jsonType(value)}`);
    } else if (!/^Function$/.test(value.constructor.name)) {
      problems.push(`/${name}: rules run synchronously; the function must not be async or a generator`);
    }
  }
  return problems;
}
