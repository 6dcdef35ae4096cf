/**
 * Entries of the shared cache. Write access to the cache must not decide what is deployed, so each entry is sealed with an HMAC
 * over its name and its value, with a key that only the replicas have. Entry names are HMACs, so they reveal neither the image
 * nor the credential. An entry that was changed, or copied to another name, is a cache miss.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isDigest } from '../image/digest.ts';
import { isObject } from '../pod/pointer.ts';
import type { Attempt } from './attempts.ts';
import type { FoundManifest } from '../registry/client.ts';
import { identities } from './identity.ts';
import type { ImageKey } from './image-key.ts';
import type { SharedValue } from './registry-fetch.ts';
import { readJsonText } from '../node/credential-helper.ts';

export interface SharedEntries {
  nameOf(key: ImageKey, attempt: Attempt): string;
  seal(name: string, answer: SharedValue<FoundManifest>): string;
  /** `undefined`: the seal is invalid, or the entry is too old. */
  open(name: string, key: ImageKey, text: string): SharedValue<FoundManifest> | undefined;
}

const PREFIX = 'tidewaiter:1:';
const MAX_LENGTH = 4096;
/** Clock skew between replicas. */
const MAX_AHEAD_MS = 60_000;

export interface EntryOptions {
  /** All replicas have the same key. */
  readonly key: Uint8Array;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

export function sharedEntries({ key: secret, maxAgeMs, now }: EntryOptions): SharedEntries {
  const identityOf = identities(secret);
  const mac = (...parts: readonly string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url');
  return {
    nameOf: ({ text }, { credential }) => `${PREFIX}${mac('name', text, identityOf(credential))}`,
    seal(name, { value: { digest, mediaType, mirror }, atMs }) {
      const body = JSON.stringify({ digest, mediaType, mirror, atMs });
      return `${mac('entry', name, body)}.${body}`;
    },
    open(name, key, text) {
      const dot = text.indexOf('.');
      if (dot < 0 || text.length > MAX_LENGTH) return undefined;
      const body = text.slice(dot + 1);
      if (!isEqual(text.slice(0, dot), mac('entry', name, body))) return undefined;
      const entry = readEntry(readJsonText(body), key);
      const ageMs = entry === undefined ? Infinity : now() - entry.atMs;
      return ageMs <= maxAgeMs && ageMs >= -MAX_AHEAD_MS ? entry : undefined;
    },
  };
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Validates the shape, because a replica of another version may have sealed the entry. */
function readEntry(entry: unknown, key: ImageKey): SharedValue<FoundManifest> | undefined {
  if (!isObject(entry)) return undefined;
  const { digest, mediaType, mirror, atMs } = entry;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string') return undefined;
  if (key.isDigest && !key.text.endsWith(`@${digest}`)) return undefined;
  if (typeof atMs !== 'number' || (mirror !== undefined && typeof mirror !== 'string')) return undefined;
  return { value: { digest, mediaType, mirror }, atMs };
}
