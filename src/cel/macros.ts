/** The table of macros. */
import { type Code, type Scope, sourceOf } from './code.ts';
import {
  existsOne,
  filter,
  mapped,
  quantified,
  sortBy,
  transformList,
  transformMap,
  transformMapEntry,
} from './comprehensions.ts';
import { alternative, optMap } from './lazy.ts';
import type { Macro } from './macro.ts';
import type { Node } from './parse.ts';

/** By name and number of arguments. */
const MACROS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ...both('all', (call) => quantified(call, false)),
  ...both('exists', (call) => quantified(call, true)),
  ...both('exists_one', existsOne),
  ...both('existsOne', existsOne),
  ['filter/2', filter],
  ['map/2', mapped],
  ['map/3', mapped],
  ['transformList/3', transformList],
  ['transformList/4', transformList],
  ['transformMap/3', transformMap],
  ['transformMap/4', transformMap],
  ['transformMapEntry/3', transformMapEntry],
  ['transformMapEntry/4', transformMapEntry],
  ['sortBy/2', sortBy],
  ['optMap/2', (call) => optMap(call, true)],
  ['optFlatMap/2', (call) => optMap(call, false)],
  ['or/1', (call) => alternative(call, true)],
  ['orValue/1', (call) => alternative(call, false)],
]);

/** Has one variable for the element, or two: the index or key, and the element. */
function both(name: string, macro: Macro): readonly (readonly [string, Macro])[] {
  return [
    [`${name}/2`, macro],
    [`${name}/3`, macro],
  ];
}

export function findMacro(name: string, count: number): Macro | undefined {
  return MACROS.get(`${name}/${count}`);
}

export function compileMacro(macro: Macro, node: Extract<Node, { readonly op: 'rcall' }>, scope: Scope): Code {
  const [name, receiver, args] = node.args;
  return macro({ node, name, receiver: scope.compile(receiver, scope), from: sourceOf(receiver), args, scope });
}
