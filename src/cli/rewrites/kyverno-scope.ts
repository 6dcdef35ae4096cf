/** Whether a rule of Kyverno is for all Pods: a rule with a narrower scope, as a rewrite of all, would change more. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { listOf, textOf } from './converted.ts';

/** `lists`: the lists of containers that the rule changes. */
export function scopeProblem(
  { match, exclude, preconditions, celPreconditions }: JsonObject,
  lists: readonly string[],
): string | undefined {
  const blocks = blocksOf(match);
  if (blocks.length === 0 || !blocks.every(isPods)) return 'its match selects by more than the kind Pod';
  if (blocksOf(exclude).length > 0) return 'its exclude is not converted, and without it more would change';
  const conditions = [
    ...narrowingConditions(preconditions, lists),
    ...(Array.isArray(celPreconditions) ? celPreconditions : []),
  ];
  return conditions.length === 0
    ? undefined
    : 'its preconditions are not converted, and without them more would change';
}

function blocksOf(clause: unknown): readonly unknown[] {
  if (!isObject(clause)) return [];
  const lists = [clause['any'], clause['all']].filter(Array.isArray) as readonly (readonly unknown[])[];
  return [...lists.flat(), ...('resources' in clause ? [clause] : [])];
}

function isPods(block: unknown): boolean {
  if (!isObject(block) || !isObject(block['resources'])) return false;
  if (Object.keys(block).some((key) => !['resources', 'any', 'all'].includes(key))) return false;
  const { kinds, operations = [], ...more } = block['resources'];
  if (Object.keys(more).length > 0) return false;
  return isListOf(kinds, ['Pod', 'v1/Pod']) && (isEmpty(operations) || isForCreation(operations));
}

function isForCreation(operations: unknown): boolean {
  return isListOf(operations, ['CREATE', 'UPDATE']) && listOf(operations).includes('CREATE');
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isListOf(value: unknown, accepted: readonly string[]): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => accepted.includes(textOf(item)));
}

/** All conditions, of the forms `{any, all}` and a list. */
export function conditionsOf(preconditions: unknown): readonly unknown[] {
  if (Array.isArray(preconditions)) return preconditions;
  if (!isObject(preconditions)) return preconditions === undefined ? [] : [preconditions];
  return [preconditions['any'], preconditions['all']].flatMap((list): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  );
}

/** The conditions that are not met by all Pods with an image that the rule changes. */
export function narrowingConditions(preconditions: unknown, lists: readonly string[]): readonly unknown[] {
  return conditionsOf(preconditions).filter(
    (condition) => !isObject(condition) || !(isAboutLength(condition, lists) || isAboutCreation(condition)),
  );
}

/** The Pod has containers in the list, which changes nothing for a list without any. */
function isAboutLength({ key, operator, value }: JsonObject, lists: readonly string[]): boolean {
  const least = (operator === 'GreaterThanOrEquals' && value === 1) || (operator === 'GreaterThan' && value === 0);
  const [, list = ''] =
    /^\{\{ ?request\.object\.spec\.(\w+)\[\] \|\| (?:`\[\]`|'') \| length\(@\) ?\}\}$/.exec(
      textOf(key).slice(0, 200),
    ) ?? [];
  return least && lists.every((changed) => changed === list);
}

/** New Pods are among the operations. */
function isAboutCreation({ key, operator, value }: JsonObject): boolean {
  if (!/^\{\{ ?request\.operation(?: \|\| '\w*')? ?\}\}$/.test(textOf(key).slice(0, 200))) return false;
  const hasCreation = (Array.isArray(value) ? value : [value]).includes('CREATE');
  return SELECTS.has(textOf(operator)) ? hasCreation : REJECTS.has(textOf(operator)) && !hasCreation;
}

const SELECTS: ReadonlySet<string> = new Set(['Equals', 'Equal', 'In', 'AnyIn', 'AllIn']);
const REJECTS: ReadonlySet<string> = new Set(['NotEquals', 'NotEqual', 'NotIn', 'AnyNotIn', 'AllNotIn']);
