/** Keeps `process.nextTick` fast, which Node.js calls about five times for each request. */
import { createHook } from 'node:async_hooks';

let kept: object | undefined;

/**
 * Keeps one object of nextTick alive. Each call creates an object with computed keys, which is fast only while the hidden class of
 * the first object lives. A full garbage collection without a waiting tick frees that class, and then each tick is slow until the
 * process ends: 4 µs per review. Must be called early, before such a collection.
 */
export function keepTickClass(): object | undefined {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') kept ??= resource;
    },
  });
  hook.enable();
  process.nextTick(() => undefined);
  hook.disable();
  return kept;
}
