/** Converts Secret objects to pull secrets, as the API server would store them. No message contains their data. */
import { decodeSecretData } from '../go/base64.ts';
import { quoteValue } from '../image/quote.ts';
import { escapeSegment, isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { PULL_SECRET_KEYS, type PullSecret, pullSecret } from './pull-secret.ts';

export interface SecretFault {
  /** Relative to the object. */
  readonly pointer: string;
  /** A sentence fragment. */
  readonly problem: string;
}

export type ReadSecret =
  | { readonly ok: true; readonly secret: PullSecret }
  | { readonly ok: false; readonly faults: readonly SecretFault[] };

/** `excess`: it is too large to be parsed. A sentence fragment. */
export type StoredSecret = ReadSecret | { readonly ok: false; readonly excess: string };

/** `stringData` wins over `data` (kubernetes pkg/apis/core/v1/conversion.go). */
export function readSecret(object: JsonObject, name: string): ReadSecret {
  const faults: SecretFault[] = [];
  const data = new Map<string, Uint8Array>();
  for (const [key, value, pointer] of texts(object, 'data', faults)) {
    const bytes = decodeSecretData(value);
    if (bytes === undefined) faults.push({ pointer, problem: 'invalid base64; kubectl cannot apply it' });
    else data.set(key, bytes);
  }
  for (const [key, value] of texts(object, 'stringData', faults)) data.set(key, new TextEncoder().encode(value));
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, secret: pullSecret({ name, type: typeOf(object), data }) };
}

const NOT_DECODED = new Uint8Array(0);
/** Base64 has four characters for three bytes. */
const BYTES_PER_CHARACTER = 3 / 4;
/** What a key takes in addition to its name: one Secret can have 100,000. */
const KEY_BYTES = 64;

/** Enough for any registry that a node uses; each takes memory as an entry (`memoryOf`). */
const MAX_ENTRIES = 2000;
const OPENING_BRACE = 0x7b;

/** Reads a Secret from an API server, which has checked all keys: decodes only the key that the kubelet reads. */
export function readStoredSecret(object: JsonObject, name: string): StoredSecret {
  const type = typeOf(object);
  const read = PULL_SECRET_KEYS.get(type);
  const faults: SecretFault[] = [];
  const data = new Map<string, Uint8Array>();
  let size = 0;
  for (const [key, value, pointer] of texts(object, 'data', faults)) {
    const bytes = key === read ? decodeSecretData(value) : NOT_DECODED;
    if (bytes === undefined) faults.push({ pointer, problem: 'invalid base64' });
    else if (hasTooMany(bytes)) return { ok: false, excess: `has more than ${MAX_ENTRIES} entries` };
    else data.set(key, bytes);
    size += KEY_BYTES + key.length + Math.ceil(value.length * BYTES_PER_CHARACTER);
  }
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, secret: pullSecret({ name, type, data, bytes: size }) };
}

/** Each entry is an object, so its braces limit their number before they are parsed. */
function hasTooMany(bytes: Uint8Array): boolean {
  let count = 0;
  for (let at = bytes.indexOf(OPENING_BRACE); at !== -1; at = bytes.indexOf(OPENING_BRACE, at + 1)) {
    count += 1;
    if (count > MAX_ENTRIES) return true;
  }
  return false;
}

function typeOf({ type }: JsonObject): string {
  return typeof type === 'string' && type !== '' ? type : 'Opaque';
}

type Text = readonly [key: string, value: string, pointer: string];

/** Returns the members of a map of strings; null is an empty string, as in Go. */
function texts(object: JsonObject, field: string, faults: SecretFault[]): readonly Text[] {
  const map = object[field] ?? {};
  if (!isObject(map)) {
    faults.push({ pointer: `/${field}`, problem: `expected an object, found ${jsonType(map)}` });
    return [];
  }
  const found: Text[] = [];
  for (const [key, given] of Object.entries(map)) {
    const pointer = `/${field}/${escapeSegment(key)}`;
    const value = given ?? '';
    if (typeof value === 'string') found.push([key, value, pointer]);
    else
      faults.push({
        pointer,
        problem: `expected a string, found ${jsonType(value)}; quote the value of ${quoteValue(key, 60)}`,
      });
  }
  return found;
}
