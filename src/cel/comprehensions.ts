/** The comprehensions: all, exists, map, filter, and their variants. */
import { CelError, celError } from './budget.ts';
import { code, type Code, type Env, fault } from './code.ts';
import { sorted } from './functions/lists.ts';
import { bodyOf, type Loop, loopOf, predicate, single } from './loop.ts';
import type { MacroCall } from './macro.ts';
import { BOOL, DYN, listType, mapType, showType } from './type.ts';
import { entryMap, type Entry, isTagged, listOf, mapGet, mapKeys, typeName, type Value } from './value.ts';

/** An error counts only when no element decides. */
export function quantified(call: MacroCall, decisive: boolean): Code {
  const loop = loopOf(call, call.args.length === 3 ? 2 : 1);
  const test = predicate(loop, 0);
  return code(BOOL, (env) => {
    let failure: CelError | undefined;
    let decided = false;
    loop.each(env, () => {
      try {
        decided = test(env) === decisive;
      } catch (error) {
        failure = celError(error, env.budget);
      }
      return decided;
    });
    if (!decided && failure !== undefined) throw failure;
    return decided === decisive;
  });
}

export function existsOne(call: MacroCall): Code {
  const loop = loopOf(call, call.args.length === 3 ? 2 : 1);
  const test = predicate(loop, 0);
  return code(BOOL, (env) => {
    let count = 0;
    loop.each(env, () => {
      if (test(env)) count += 1;
      return false;
    });
    return count === 1;
  });
}

function collected(loop: Loop, of: (env: Env) => Value, test: ((env: Env) => boolean) | undefined): Code['run'] {
  return (env) => {
    const items: Value[] = [];
    loop.each(env, () => {
      if (test === undefined || test(env)) items.push(of(env));
      return false;
    });
    return listOf(items);
  };
}

export function filter(call: MacroCall): Code {
  const loop = loopOf(call, 1);
  const slot = call.scope.depth;
  const type = single(call.receiver.type, loop.types);
  return code(
    listType(type),
    collected(loop, ({ locals }) => locals[slot] ?? null, predicate(loop, 0)),
  );
}

export function mapped(call: MacroCall): Code {
  const loop = loopOf(call, 1);
  const test = call.args.length === 3 ? predicate(loop, 0) : undefined;
  const { body } = bodyOf(loop, call.args.length - 2);
  return code(
    listType(body.type),
    collected(loop, (env) => body.run(env), test),
  );
}

export function transformList(call: MacroCall): Code {
  const loop = loopOf(call, 2);
  const test = call.args.length === 4 ? predicate(loop, 0) : undefined;
  const { body } = bodyOf(loop, call.args.length - 3);
  return code(
    listType(body.type),
    collected(loop, (env) => body.run(env), test),
  );
}

function entries(loop: Loop, call: MacroCall, of: (env: Env) => readonly Entry[]): Code['run'] {
  const test = call.args.length === 4 ? predicate(loop, 0) : undefined;
  return (env) => {
    const found: Entry[] = [];
    loop.each(env, () => {
      if (test === undefined || test(env)) found.push(...of(env));
      return false;
    });
    const map = entryMap(found);
    if (map.entries.size < found.length) throw new CelError('two elements have the same key');
    return map;
  };
}

export function transformMap(call: MacroCall): Code {
  const loop = loopOf(call, 2);
  const { body } = bodyOf(loop, call.args.length - 3);
  const slot = call.scope.depth;
  const run = entries(loop, call, (env) => [{ key: env.locals[slot] ?? null, value: body.run(env) }]);
  return code(mapType(loop.types[0] ?? DYN, body.type), run);
}

/** Transforms each element into entries of a map. */
export function transformMapEntry(call: MacroCall): Code {
  const loop = loopOf(call, 2);
  const { body, node } = bodyOf(loop, call.args.length - 3);
  const { type } = body;
  if (type.kind !== 'map' && type.kind !== 'dyn') {
    throw fault(node, `expected a map, found type ${showType(type)}`);
  }
  const run = entries(loop, call, (env) => {
    const value = body.run(env);
    if (!isTagged(value, 'map')) throw new CelError(`expected a map, found type ${typeName(value)}`);
    return mapKeys(value, env.budget).map((key) => ({ key, value: mapGet(value, key) ?? null }));
  });
  return code(type, run);
}

export function sortBy(call: MacroCall): Code {
  const loop = loopOf(call, 1);
  const { body } = bodyOf(loop, 0);
  const slot = call.scope.depth;
  return code(listType(single(call.receiver.type, loop.types)), (env) => {
    const items: Value[] = [];
    const keys: Value[] = [];
    loop.each(env, () => {
      items.push(env.locals[slot] ?? null);
      keys.push(body.run(env));
      return false;
    });
    return sorted(listOf(items), keys, env.budget);
  });
}
