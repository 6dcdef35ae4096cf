/** Keeps `process.nextTick` fast, which Node calls some five times for each request. */
import { createHook } from 'node:async_hooks';

let kept: object | undefined;

/**
 * The object that nextTick makes for each call has computed keys. V8 makes those quickly as long as the hidden class of the first
 * one lives. A full collection that meets no waiting tick ends it, and from then on each tick takes the slow way, for as
 * long as the process runs: 4 us of a review. So one of them is kept. To be called early, before there was such a collection.
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
