/** Passes an object to a rule and reports whether the rule reads values that are lost. */
import type { LostKeys } from './lost-values.ts';

export interface Observed<T> {
  readonly value: T;
  /** Returns the object itself for an observed one. */
  readonly original: (value: unknown) => unknown;
}

export interface ObserveOptions {
  readonly lost: LostKeys;
  /** Keys that lead to other values than those of the recorded object. */
  readonly isOpaque: (parent: object, key: string) => boolean;
  readonly onRead: () => void;
}

/** The target of a proxy is empty, because proxies of frozen objects cannot return other objects. */
export function observed<T extends object>(root: T, options: ObserveOptions): Observed<T> {
  const proxies = new Map<object, object>();
  const originals = new Map<unknown, unknown>();
  const wrap = (value: unknown): unknown => {
    if (!isPlain(value)) return value;
    const known = proxies.get(value);
    if (known !== undefined) return known;
    const proxy = new Proxy<object>(Array.isArray(value) ? [] : {}, handlers(value, wrap, options));
    proxies.set(value, proxy);
    originals.set(proxy, value);
    return proxy;
  };
  return { value: wrap(root) as T, original: (value) => originals.get(value) ?? value };
}

/** Maps, functions, and instances of classes are no part of the recorded object. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

function handlers(
  source: object,
  wrap: (value: unknown) => unknown,
  { lost, isOpaque, onRead }: ObserveOptions,
): ProxyHandler<object> {
  const lostHere = lost.get(source);
  const read = (key: string | symbol): unknown => {
    if (typeof key === 'string' && lostHere?.has(key) === true) onRead();
    const value: unknown = Reflect.get(source, key);
    return typeof key === 'string' && isOpaque(source, key) ? value : wrap(value);
  };
  // A key that is not recorded at all.
  const isMissing = (key: string | symbol): boolean =>
    typeof key === 'string' && lostHere?.has(key) === true && !Object.hasOwn(source, key);
  const hasMissing = lostHere !== undefined && [...lostHere].some(isMissing);
  return {
    get: (_target, key) => read(key),
    has(_target, key) {
      if (isMissing(key)) onRead();
      return Reflect.has(source, key);
    },
    ownKeys() {
      if (hasMissing) onRead();
      return Reflect.ownKeys(source);
    },
    getOwnPropertyDescriptor(target, key) {
      if (isMissing(key)) onRead();
      const descriptor = Reflect.getOwnPropertyDescriptor(source, key);
      if (descriptor === undefined || key in target) return descriptor && { ...descriptor, writable: true };
      return { value: read(key), enumerable: descriptor.enumerable ?? false, configurable: true, writable: true };
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    isExtensible: () => true,
    preventExtensions: () => false,
  };
}
