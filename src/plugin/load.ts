/** Loads custom rules from plugin files. A fault in one file rejects all of them. */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { Check, Guard, ParameterFault, Prepared, Rule } from '../policy/rule.ts';
import { parseRules } from './definition.ts';
import { deepFreeze } from './freeze.ts';
import { createGuard, shownError } from './guard.ts';
import { type Imported, importPlugin, pluginFileProblem } from './import.ts';
import { parameterCheck } from './parameter-schema.ts';
import { createTimeLimit, type TimeLimit } from './time-limit.ts';
import { NO_ORIGIN, type OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';

export interface PluginOptions {
  /** Custom rules cannot use their names. */
  readonly builtIn: readonly Rule[];
  /** Time limit of one check. */
  readonly timeoutMs: number;
  readonly originOf?: OriginOf | undefined;
  /** Imports a file that can be a plugin; by default, once for each path. */
  readonly importFile?: ((file: string) => Imported) | undefined;
}

export function loadPlugins(
  files: readonly string[],
  { builtIn, timeoutMs, originOf = NO_ORIGIN, importFile = importPlugin }: PluginOptions,
): readonly Rule[] {
  const faults: string[] = [];
  const origins = new Map(builtIn.map(({ name }) => [name, 'as a built-in rule']));
  const found = new Map<string, string>();
  const rules: Rule[] = [];
  for (const file of files) {
    for (const rule of rulesIn(file, faults, { originOf, importFile })) {
      const before = origins.get(rule.name);
      if (before !== undefined) faults.push(`${file}: duplicate rule "${rule.name}"; first defined ${before}`);
      origins.set(rule.name, `in ${file}`);
      found.set(rule.name, file);
      rules.push(rule);
    }
  }
  if (faults.length > 0) throw new UserError(faults.join('\n'));
  const guard = createGuard(found, { timeoutMs });
  const limit = createTimeLimit(timeoutMs);
  return rules.map((rule) => guarded(rule, { guard, limit, timeoutMs }));
}

function rulesIn(
  file: string,
  faults: string[],
  { originOf, importFile }: { readonly originOf: OriginOf; readonly importFile: (file: string) => Imported },
): readonly Rule[] {
  const unusable = pluginFileProblem(file);
  if (unusable !== undefined) {
    faults.push(`${file}: ${unusable}${originOf(file)}`);
    return [];
  }
  const imported = importFile(file);
  if (!imported.ok) {
    faults.push(`${file}${imported.problem}`);
    return [];
  }
  const read = parseRules(imported.exported);
  if (read.ok) return read.rules;
  for (const problem of read.problems) faults.push(`${file}: ${problem}`);
  return [];
}

interface Protection {
  readonly guard: Guard;
  readonly limit: TimeLimit;
  readonly timeoutMs: number;
}

/** Runs the rule through the guard. A failure of `prepare` is a fault of the policy's parameters. */
function guarded(rule: Rule, { guard, limit, timeoutMs }: Protection): Rule {
  deepFreeze(rule.parameters);
  return {
    ...rule,
    checkParameters: parameterCheck(rule.parameters),
    bind(parameters) {
      if (isObject(parameters)) deepFreeze(parameters);
      let bound: Prepared<Check> = failed(`the rule's prepare did not return within ${timeoutMs} ms`);
      limit(() => {
        bound = bindSafely(rule, parameters);
      });
      return bound.ok ? { ok: true, value: { ...bound.value, guard } } : bound;
    },
  };
}

function bindSafely(rule: Rule, parameters: unknown): Prepared<Check> {
  try {
    const bound: unknown = rule.bind(parameters);
    if (isObject(bound) && (bound['ok'] === true || hasFaults(bound))) return bound as Prepared<Check>;
    return failed("the rule's prepare must return {ok: true, value} or {ok: false, faults: [{pointer, problem}]}");
  } catch (error) {
    return failed(`the rule's prepare threw ${shownError(error)}`);
  }
}

function hasFaults({ ok, faults }: JsonObject): boolean {
  return ok === false && Array.isArray(faults) && faults.length > 0 && faults.every(isFault);
}

function isFault(fault: unknown): fault is ParameterFault {
  return isObject(fault) && typeof fault['pointer'] === 'string' && typeof fault['problem'] === 'string';
}

function failed(problem: string): Prepared<Check> {
  return { ok: false, faults: [{ pointer: '', problem }] };
}
