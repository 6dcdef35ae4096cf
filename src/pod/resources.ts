/** What a container, or a whole Pod, asks for and may use: `resources`, read as the API server does. */
import { isObject, type JsonObject, jsonType, pointerTo, ShapeError } from './pointer.ts';
import { milliOf, quantityAt } from './quantity.ts';
import { readObject } from './read.ts';

export type AmountKind = 'request' | 'limit';

export interface Amount {
  readonly kind: AmountKind;
  /** `cpu`, `memory`, `nvidia.com/gpu`. */
  readonly resource: string;
  /** As the object has it. */
  readonly text: string;
  readonly milli: bigint;
  readonly pointer: string;
}

export interface UnreadAmount {
  readonly kind: AmountKind;
  readonly resource: string;
  readonly text: string;
  readonly problem: string;
  readonly pointer: string;
}

export interface Resources {
  /** From the root of the object, `resources` included. */
  readonly pointer: string;
  readonly requests: ReadonlyMap<string, Amount>;
  readonly limits: ReadonlyMap<string, Amount>;
  readonly unread: readonly UnreadAmount[];
}

const NONE: ReadonlyMap<string, Amount> = new Map();
const ALL_READ: readonly never[] = [];

/** `holder` is the container or the pod spec, at `at`. */
export function resourcesOf(holder: JsonObject, at: string): Resources {
  const pointer = `${at}/resources`;
  const resources = readObject(holder, 'resources', at);
  if (resources === undefined) return { pointer, requests: NONE, limits: NONE, unread: ALL_READ };
  const unread: UnreadAmount[] = [];
  const limits = amountsAt(resources, 'limit', { pointer, unread });
  const requests = amountsAt(resources, 'request', { pointer, unread });
  return { pointer, requests, limits, unread };
}

/**
 * A request that is absent takes the value of the limit. The API server does that to Pods and not to templates
 * (pkg/apis/core/v1/defaults.go, SetDefaults_Pod), but the Pods of a template are Pods.
 */
export function requestOf({ requests, limits }: Resources, resource: string): Amount | undefined {
  return requests.get(resource) ?? limits.get(resource);
}

function amountsAt(
  resources: JsonObject,
  kind: AmountKind,
  { pointer, unread }: { readonly pointer: string; readonly unread: UnreadAmount[] },
): ReadonlyMap<string, Amount> {
  const list = resources[`${kind}s`];
  if (list === undefined || list === null) return NONE;
  const at = `${pointer}/${kind}s`;
  if (!isObject(list)) throw new ShapeError(at, 'an object', jsonType(list));
  const amounts = new Map<string, Amount>();
  for (const resource of Object.keys(list)) {
    const place = pointerTo(at, resource);
    const read = quantityAt(list[resource], place);
    const shared = { kind, resource, pointer: place };
    if (read.ok) amounts.set(resource, { ...shared, text: read.quantity.text, milli: milliOf(read.quantity) });
    else unread.push({ ...shared, text: read.text, problem: read.problem });
  }
  return amounts;
}
