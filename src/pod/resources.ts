/** Requests and limits (`resources`) of a container or a whole Pod, parsed as by the API server. */
import { quoteValue } from '../image/quote.ts';
import { jsonType, type JsonObject, pointerTo, ShapeError } from './pointer.ts';
import { type ParsedQuantity, readQuantity, type Quantity } from '../go/quantity.ts';
import { readObject } from './read.ts';

export const AMOUNTS = ['limit', 'request'] as const;
export type AmountKind = (typeof AMOUNTS)[number];

export interface Amount {
  /** `cpu`, `memory`, `nvidia.com/gpu`. */
  readonly resource: string;
  readonly parsed: ParsedQuantity;
}

interface AmountList {
  readonly all: readonly Amount[];
  /** Index of a long list, so that lookups of all amounts stay linear. */
  readonly byName: ReadonlyMap<string, Amount> | undefined;
}

export interface Resources {
  /** From the root of the object, `resources` included. */
  readonly pointer: string;
  readonly limit: AmountList;
  readonly request: AmountList;
}

const NONE: AmountList = { all: [], byName: undefined };
/** Longest list without an index; most lists have two amounts. */
const SHORT = 8;

/** `holder` is the container or the pod spec, at `at`. */
export function resourcesOf(holder: JsonObject, at: string): Resources {
  const pointer = `${at}/resources`;
  const resources = readObject(holder, 'resources', at);
  if (resources === undefined) return { pointer, limit: NONE, request: NONE };
  return { pointer, limit: listAt(resources, 'limits', pointer), request: listAt(resources, 'requests', pointer) };
}

function listAt(resources: JsonObject, key: string, pointer: string): AmountList {
  const list = readObject(resources, key, pointer);
  if (list === undefined) return NONE;
  const all = Object.keys(list).map((resource): Amount => {
    const value = list[resource];
    // Only values that are not strings need the pointer, and the API server writes strings.
    const isText = typeof value === 'string';
    return {
      resource,
      parsed: isText ? readQuantity(value) : quantityAt(value, pointerTo(`${pointer}/${key}`, resource)),
    };
  });
  return { all, byName: all.length <= SHORT ? undefined : new Map(all.map((amount) => [amount.resource, amount])) };
}

/** Accepts strings from the API server, numbers from YAML, and null, which is 0 in Go. Throws a ShapeError otherwise. */
export function quantityAt(value: unknown, pointer: string): ParsedQuantity {
  if (typeof value === 'string') return readQuantity(value);
  if (typeof value === 'number') return readQuantity(String(value));
  if (value === null) return readQuantity('0');
  throw new ShapeError(pointer, 'a quantity', jsonType(value));
}

/** Returns the pointer to an amount, which need not exist. */
export function amountPointer({ pointer }: Resources, kind: AmountKind, resource: string): string {
  return pointerTo(`${pointer}/${kind}s`, resource);
}

/** Returns `undefined` for an absent amount. */
export function parsedAmount(resources: Resources, kind: AmountKind, resource: string): ParsedQuantity | undefined {
  const { all, byName } = resources[kind];
  if (byName !== undefined) return byName.get(resource)?.parsed;
  for (const amount of all) if (amount.resource === resource) return amount.parsed;
  return undefined;
}

/** Returns `undefined` for an absent or invalid amount. */
export function amountOf(resources: Resources, kind: AmountKind, resource: string): Quantity | undefined {
  const parsed = parsedAmount(resources, kind, resource);
  return parsed?.ok === true ? parsed.quantity : undefined;
}

/**
 * An absent request defaults to the limit. The API server sets the default in Pods, not in templates
 * (pkg/apis/core/v1/defaults.go, SetDefaults_Pod), but it also applies to the Pods of a template.
 */
export function requestedBy(resources: Resources, resource: string): AmountKind {
  return parsedAmount(resources, 'request', resource) === undefined ? 'limit' : 'request';
}

export function requestOf(resources: Resources, resource: string): Quantity | undefined {
  return amountOf(resources, requestedBy(resources, resource), resource);
}

/** For messages: `quantity "1 GB" is not …`. */
export function quantityText({ text }: { readonly text: string }): string {
  return quoteValue(text, 60);
}
