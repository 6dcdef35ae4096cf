/**
 * CEL values. API objects stay JSON and are converted when a field is read: integers become bigint (CEL int), other numbers stay
 * the same (CEL double), and keys with null are absent, as in the API server.
 */
import type { ParsedUrl } from '../go/url.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { type Budget, CelError, spend } from './budget.ts';

export interface Uint {
  readonly tag: 'uint';
  readonly value: bigint;
}
/** `json`: the items are JSON, converted when they are read. */
export interface List {
  readonly tag: 'list';
  readonly items: readonly unknown[];
  readonly json: boolean;
}
export interface JsonMap {
  readonly tag: 'map';
  readonly json: JsonObject;
  /** Why other keys are unknown; `undefined`: other keys are absent. */
  readonly open: Open | undefined;
}
/** `causedBy`: who causes it; by default, the environment. */
export interface Open {
  readonly reason: string;
  readonly causedBy?: CelError['causedBy'] | undefined;
}
export type MapKey = string | bigint | boolean;
export interface EntryMap {
  readonly tag: 'map';
  readonly json: undefined;
  readonly entries: ReadonlyMap<MapKey, Entry>;
}
export interface Entry {
  readonly key: Value;
  readonly value: Value;
}
export type CelMap = JsonMap | EntryMap;
export interface Optional {
  readonly tag: 'optional';
  readonly value: Value | undefined;
}
/** Unix time in nanoseconds. */
export interface Timestamp {
  readonly tag: 'timestamp';
  readonly nanos: bigint;
}
export interface Duration {
  readonly tag: 'duration';
  readonly nanos: bigint;
}
export interface TypeValue {
  readonly tag: 'type';
  readonly name: string;
}
export interface Url {
  readonly tag: 'url';
  readonly text: string;
  readonly parsed: ParsedUrl;
}
export interface Ip {
  readonly tag: 'ip';
  readonly family: 4 | 6;
  readonly bits: bigint;
}
export interface Cidr {
  readonly tag: 'cidr';
  readonly ip: Ip;
  readonly length: number;
}
export interface Quantity {
  readonly tag: 'quantity';
  /** In billionths, the highest precision of Kubernetes. */
  readonly nanos: bigint;
  /** True if Kubernetes stores it as an int64 without a fraction; false for `1.0` and `7Ei`. */
  readonly whole: boolean;
}
export interface Semver {
  readonly tag: 'semver';
  /** Major, minor, and patch version. */
  readonly numbers: readonly bigint[];
  readonly pre: readonly (string | bigint)[];
}

export interface NamedFormat {
  readonly tag: 'format';
  readonly name: string;
}

export type Tagged =
  | Uint
  | List
  | CelMap
  | Optional
  | Timestamp
  | Duration
  | TypeValue
  | Url
  | Ip
  | Cidr
  | Quantity
  | Semver
  | NamedFormat;

/** bigint is CEL's int; number is CEL's double. */
export type Value = null | boolean | bigint | number | string | Uint8Array | Tagged;

export const MIN_INT = -(2n ** 63n);
export const MAX_INT = 2n ** 63n - 1n;
export const MAX_UINT = 2n ** 64n - 1n;

const TYPE_NAMES: Readonly<Record<Tagged['tag'], string>> = {
  uint: 'uint',
  list: 'list',
  map: 'map',
  optional: 'optional_type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  type: 'type',
  url: 'kubernetes.URL',
  ip: 'net.IP',
  cidr: 'net.CIDR',
  quantity: 'kubernetes.Quantity',
  semver: 'kubernetes.Semver',
  format: 'kubernetes.NamedFormat',
};

/** The name in CEL. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
      if (value === null) return 'null_type';
      return value instanceof Uint8Array ? 'bytes' : TYPE_NAMES[value.tag];
  }
}

export function isTagged<T extends Tagged['tag']>(value: Value, tag: T): value is Extract<Tagged, { readonly tag: T }> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.tag === tag;
}

export function fromJson(json: unknown): Value {
  switch (typeof json) {
    case 'string':
    case 'boolean':
      return json;
    case 'number':
      return fromNumber(json);
    case 'object':
      if (json === null) return null;
      return Array.isArray(json) ? { tag: 'list', items: json, json: true } : jsonMap(json as JsonObject);
    default:
      return null;
  }
}

function fromNumber(json: number): Value {
  if (!Number.isInteger(json)) return json;
  const int = BigInt(json);
  return int >= MIN_INT && int <= MAX_INT ? int : json;
}

export function jsonMap(json: JsonObject, open?: Open): JsonMap {
  return { tag: 'map', json, open };
}

export function listOf(items: readonly Value[]): List {
  return { tag: 'list', items, json: false };
}

export function itemAt(list: List, index: number): Value {
  const item = list.items[index];
  return list.json ? fromJson(item) : (item as Value);
}

export function itemsOf(list: List, budget: Budget): readonly Value[] {
  spend(budget, list.items.length >> 1);
  return list.json ? list.items.map(fromJson) : (list.items as readonly Value[]);
}

/** 1, 1u, and 1.0 are the same key. */
export function mapKey(key: Value): MapKey | undefined {
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : undefined;
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return key;
  return isTagged(key, 'uint') ? key.value : undefined;
}

function openError({ reason, causedBy = 'world' }: Open): CelError {
  return new CelError(reason, { causedBy });
}

/** Returns undefined if the key is missing. */
export function mapGet(map: CelMap, key: Value): Value | undefined {
  if (map.json === undefined) {
    const found = mapKey(key);
    return found === undefined ? undefined : map.entries.get(found)?.value;
  }
  if (typeof key === 'string' && Object.hasOwn(map.json, key)) {
    const value = map.json[key];
    if (value !== undefined && value !== null) return fromJson(value);
  }
  if (map.open !== undefined) throw openError(map.open);
  return undefined;
}

export function mapKeys(map: CelMap, budget: Budget): readonly Value[] {
  const { json } = map;
  if (json === undefined) {
    spend(budget, map.entries.size);
    return [...map.entries.values()].map(({ key }) => key);
  }
  if (map.open !== undefined) throw openError(map.open);
  const keys = Object.keys(json);
  spend(budget, keys.length);
  return keys.filter((key) => json[key] !== null && json[key] !== undefined);
}

export function entryMap(entries: readonly Entry[]): EntryMap {
  const map = new Map<MapKey, Entry>();
  for (const entry of entries) {
    const key = mapKey(entry.key);
    if (key === undefined) throw new CelError(`maps cannot have keys of type ${typeName(entry.key)}`);
    map.set(key, entry);
  }
  return { tag: 'map', json: undefined, entries: map };
}

export const NONE: Optional = { tag: 'optional', value: undefined };

export function some(value: Value): Optional {
  return { tag: 'optional', value };
}
