/** Plants secrets in generated reviews, and finds them in texts. */
import fc from 'fast-check';
import { isObject, type JsonObject } from '../../src/pod/pointer.ts';
import { createReview } from '../support/review.ts';
import {
  CONTAINER_WAYS,
  type Form,
  METADATA_WAYS,
  OBJECT_WAYS,
  POD_WAYS,
  REQUEST_WAYS,
  type Way,
} from './canary-ways.ts';

export interface Planted {
  readonly review: JsonObject;
  /** Where each secret was planted. */
  readonly canaries: ReadonlyMap<string, string>;
}

/** Random enough that no object contains it, and unlike a token. */
const canary = fc.stringMatching(/^canary[a-z]{10}$/);

/** Around a canary: passwords contain anything. A word has no blanks and no signs that end it in a shell or a URL. */
const DRESS: Readonly<Record<Form, readonly (readonly [string, string])[]>> = {
  text: [
    ['', ''],
    ['two words, ', ' and more'],
    ['"', '"'],
    ["it's ", '; x=1'],
    ['a\n', '\nb\\'],
    ['{"a": "', '"}'],
    ['ä€😀', '\u2028'],
    ['p@ss:w/rd?&', '#%41'],
    ['=', '=='],
  ],
  line: [
    ['', ''],
    ['a,b&c|d)e}', ']f;g'],
    ['$1*', '(x'],
  ],
  word: [
    ['', ''],
    ['a.b-', '_c+d'],
    ['%40', '!~'],
    ['aB3$', '*x'],
  ],
};

const WAYS = {
  container: CONTAINER_WAYS,
  pod: POD_WAYS,
  metadata: METADATA_WAYS,
  object: OBJECT_WAYS,
  request: REQUEST_WAYS,
} as const;

type Kind = keyof typeof WAYS;

interface Place {
  readonly kind: Kind;
  readonly at: number;
  readonly way: Way;
  readonly dress: number;
  readonly secret: string;
}

const place: fc.Arbitrary<Place> = fc.constantFrom(...(Object.keys(WAYS) as Kind[])).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    at: fc.nat(100),
    way: fc.constantFrom(...WAYS[kind]),
    dress: fc.nat(100),
    secret: canary,
  }),
);

/** Secrets in some of `objects`. Some reviews are updates, with the secrets in both objects, or deletions. */
export function planted(objects: readonly JsonObject[]): fc.Arbitrary<Planted> {
  const plant = fc.record({
    object: fc.constantFrom(...objects),
    places: fc.array(place, { minLength: 1, maxLength: 6 }),
    operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE'),
  });
  return plant.map(({ object, places, operation }) => {
    const copy = structuredClone(object) as Record<string, unknown>;
    const extra: Record<string, unknown> = {};
    for (const [index, one] of places.entries()) plantOne(one, index, copy, extra);
    const old = { operation, oldObject: structuredClone(copy), ...(operation === 'DELETE' ? { object: null } : {}) };
    return {
      review: createReview(copy, { ...(operation === 'CREATE' ? {} : old), ...extra }),
      canaries: new Map(places.map(({ secret, way: [name], kind }) => [secret, `${kind}: ${name}`])),
    };
  });
}

function plantOne(
  { kind, at, way: [, form, make], dress, secret }: Place,
  index: number,
  object: Record<string, unknown>,
  request: Record<string, unknown>,
): void {
  const [before, after] = DRESS[form][dress % DRESS[form].length] ?? ['', ''];
  const added = make(before + secret + after);
  const targets = targetsIn(object, kind);
  const target = targets[at % targets.length] ?? object;
  if (kind === 'request') Object.assign(request, added);
  else if (kind === 'object') target[`extra${index}`] = added;
  else if (kind === 'metadata') target['metadata'] = merged(target['metadata'], added);
  else Object.assign(target, merged(target, added));
}

function targetsIn(object: Record<string, unknown>, kind: Kind): readonly Record<string, unknown>[] {
  if (kind === 'container') return containersIn(object);
  return kind === 'pod' ? podsIn(object) : [object];
}

/** Another secret must not replace the first. */
function merged(value: unknown, added: JsonObject): JsonObject {
  const own = isObject(value) ? value : {};
  const entries = Object.entries(added).map(([key, child]) => {
    const before = own[key];
    if (Array.isArray(before) && Array.isArray(child)) return [key, [...before, ...child]] as const;
    return [key, isObject(before) && isObject(child) ? merged(before, child) : child] as const;
  });
  return { ...own, ...Object.fromEntries(entries) };
}

function containersIn(value: unknown): readonly Record<string, unknown>[] {
  return objectsIn(value, (one) => typeof one['image'] === 'string' && typeof one['name'] === 'string');
}

function podsIn(value: unknown): readonly Record<string, unknown>[] {
  return objectsIn(value, (one) => Array.isArray(one['containers']));
}

function objectsIn(
  value: unknown,
  fits: (object: Record<string, unknown>) => boolean,
): readonly Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap((child) => objectsIn(child, fits));
  if (!isObject(value)) return [];
  return [...(fits(value) ? [value] : []), ...Object.values(value).flatMap((child) => objectsIn(child, fits))];
}

/** The places of the canaries in a text, also in base64, at any offset, and in hexadecimal. */
export function leaksIn(text: string, canaries: ReadonlyMap<string, string>): readonly string[] {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/');
  return [...canaries].flatMap(([secret, name]) =>
    spellings(secret).some((spelling) => text.includes(spelling) || plain.includes(spelling)) ? [name] : [],
  );
}

function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // Without the first and last digits, which depend on what is around it.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  return [secret, secret.toUpperCase(), bytes.toString('hex'), ...shifted];
}
