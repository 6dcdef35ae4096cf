/** Whether a rule of Kyverno is for all Pods: a rule with a narrower scope, as a rewrite of all, would change more. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { textOf } from './converted.ts';

export function scopeProblem({ match, exclude, preconditions, celPreconditions }: JsonObject): string | undefined {
  const blocks = blocksOf(match);
  if (blocks.length === 0 || !blocks.every(isPods)) return 'its match selects by more than the kind Pod';
  if (blocksOf(exclude).length > 0) return 'its exclude is not converted, and without it more would change';
  const conditions = [...conditionsOf(preconditions), ...(Array.isArray(celPreconditions) ? celPreconditions : [])];
  return conditions.every(isAboutLength)
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
  return isListOf(kinds, ['Pod', 'v1/Pod']) && (isEmpty(operations) || isListOf(operations, ['CREATE', 'UPDATE']));
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

/** The Pod has containers in the list, which changes nothing for a list without any. */
function isAboutLength(condition: unknown): boolean {
  if (!isObject(condition)) return false;
  const key = textOf(condition['key']).slice(0, 200);
  const { operator, value } = condition;
  const least = (operator === 'GreaterThanOrEquals' && value === 1) || (operator === 'GreaterThan' && value === 0);
  return least && /^\{\{ ?request\.object\.spec\.\w+\[\] \|\| `\[\]` \| length\(@\) ?\}\}$/.test(key);
}
