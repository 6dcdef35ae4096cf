/** Former names of causes: documents that use them still load, and a notice contains the current name. */
import { escapeSegment, isObject } from '../pod/pointer.ts';
import { REGISTRY_CAUSES, type RegistryCause } from './registry-fact.ts';

const FORMER_CAUSES: ReadonlyMap<unknown, RegistryCause> = new Map([
  ['denied', 'forbidden'],
  ['refused', 'blocked'],
]);

/** A place in a document, as written, that uses a former name. */
export interface FormerCause {
  readonly pointer: string;
  readonly problem: string;
  /** The key has the former name. */
  readonly at?: 'key';
}

export interface CurrentCauses {
  readonly value: unknown;
  readonly renamed: readonly FormerCause[];
}

/** Replaces former names, as keys and as values, where the schema expects causes. Copies only what changes. */
export function currentCauses(value: unknown, schema: unknown, at = ''): CurrentCauses {
  const renamed: FormerCause[] = [];
  const current = replaced(value, { schema, at }, renamed);
  return { value: current, renamed };
}

interface Place {
  readonly schema: unknown;
  readonly at: string;
}

function replaced(value: unknown, { schema, at }: Place, renamed: FormerCause[]): unknown {
  if (!isObject(schema)) return value;
  if (typeof value === 'string') return hasAllCauses(schema['enum']) ? currentName(value, at, renamed) : value;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const copy = items.map((item, index) => replaced(item, { schema: schema['items'], at: `${at}/${index}` }, renamed));
    return copy.some((item, index) => item !== items[index]) ? copy : value;
  }
  if (!isObject(value)) return value;
  const { properties, additionalProperties } = schema;
  const known = isObject(properties) ? properties : {};
  const isByCause = hasAllCauses(Object.keys(known));
  const entries = Object.entries(value).map(([key, item]): readonly [string, unknown] => {
    const place = `${at}/${escapeSegment(key)}`;
    const current = isByCause ? FORMER_CAUSES.get(key) : undefined;
    // With both names in one map, the former one stays an unknown key.
    const name = current === undefined || Object.hasOwn(value, current) ? key : currentKey(key, place, renamed);
    const below = Object.hasOwn(known, name) ? known[name] : additionalProperties;
    return [name, replaced(item, { schema: below, at: place }, renamed)];
  });
  const isChanged = entries.some(([key, item]) => !Object.hasOwn(value, key) || value[key] !== item);
  return isChanged ? Object.fromEntries(entries) : value;
}

function hasAllCauses(names: unknown): boolean {
  return Array.isArray(names) && REGISTRY_CAUSES.every((cause) => names.includes(cause));
}

function currentKey(name: string, pointer: string, renamed: FormerCause[]): string {
  const former: FormerCause[] = [];
  const current = currentName(name, pointer, former);
  renamed.push(...former.map((one) => ({ ...one, at: 'key' as const })));
  return current;
}

function currentName(name: string, pointer: string, renamed: FormerCause[]): string {
  const current = FORMER_CAUSES.get(name);
  if (current === undefined) return name;
  const problem = `cause ${name} was renamed to ${current}; use the new name, because the next version rejects ${name}`;
  renamed.push({ pointer, problem });
  return current;
}
