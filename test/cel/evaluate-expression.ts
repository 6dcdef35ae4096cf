/** Evaluates one expression and writes the result in the notation of the oracle. */
import { CelError, newBudget, OverBudget } from '../../src/cel/budget.ts';
import type { Code } from '../../src/cel/code.ts';
import { compileExpression } from '../../src/cel/compile.ts';
import { showDouble } from '../../src/cel/functions/numbers.ts';
import { showTimestamp } from '../../src/cel/functions/times.ts';
import { ExpressionFault } from '../../src/cel/parse.ts';
import { DYN } from '../../src/cel/type.ts';
import { type CelMap, fromJson, itemsOf, mapGet, mapKeys, type Tagged, type Value } from '../../src/cel/value.ts';

export interface Evaluation {
  /** `compile`: rejected when the policy loads; `error`: fails when evaluated; `budget`: takes too many steps. */
  readonly outcome: 'value' | 'compile' | 'error' | 'budget';
  /** The value, or what is wrong. */
  readonly text: string;
}

const DECLARED = { globals: new Map([['object', DYN]]), variables: new Map<string, Code>(), uses: new Set<string>() };

/** `object` is JSON. */
export function evaluateExpression(expression: string, object: unknown = null): Evaluation {
  try {
    const code = compileExpression(expression, DECLARED);
    return { outcome: 'value', text: show(run(code, fromJson(object))) };
  } catch (error) {
    if (error instanceof ExpressionFault) return { outcome: 'compile', text: `${error.offset}: ${error.message}` };
    if (error instanceof CelError) return { outcome: 'error', text: error.message };
    if (error instanceof OverBudget) return { outcome: 'budget', text: error.message };
    throw error;
  }
}

export function run(code: Code, object: Value): Value {
  return code.run({ budget: newBudget(), globals: { object }, locals: [], known: new Map() });
}

export function show(value: Value): string {
  if (typeof value === 'number') return `double(${showDouble(value)})`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('base64')})`;
  switch (value.tag) {
    case 'list':
      return `[${itemsOf(value, newBudget()).map(show).join(', ')}]`;
    case 'map':
      return showMap(value);
    case 'optional':
      return value.value === undefined ? 'none' : `some(${show(value.value)})`;
    default:
      return showFlat(value);
  }
}

type Flat = Exclude<Tagged, { readonly tag: 'list' | 'map' | 'optional' }>;

function showFlat(value: Flat): string {
  switch (value.tag) {
    case 'uint':
      return `${value.value}u`;
    case 'timestamp':
      return `timestamp(${showTimestamp(value)})`;
    case 'duration':
      return `duration(${value.nanos}ns)`;
    case 'type':
      return `type(${value.name})`;
    case 'quantity':
      return `quantity(${decimal(value.nanos)})`;
    case 'semver':
      return `semver(${[value.numbers.join('.'), ...(value.pre.length === 0 ? [] : [value.pre.join('.')])].join('-')})`;
    case 'url':
      return `url(${value.text})`;
    case 'format':
      return `format(${value.name.toLowerCase()})`;
    default:
      return `${value.tag}(${show(run(compileExpression('string(object)', DECLARED), value)).slice(1, -1)})`;
  }
}

function showMap(map: CelMap): string {
  const budget = newBudget();
  const entries = mapKeys(map, budget).map((key) => `${show(key)}: ${show(mapGet(map, key) ?? null)}`);
  return `{${entries.sort().join(', ')}}`;
}

function decimal(nanos: bigint): string {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}
