/** Digests of the bytes as they came: what JSON.parse and JSON.stringify make of them has another. */
import { createHash } from 'node:crypto';

/** `wanted` says the algorithm: `sha256:…`, `sha384:…`, `sha512:…`. */
export function digestLike(wanted: string, bytes: Buffer): string {
  const algorithm = wanted.slice(0, wanted.indexOf(':'));
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

export function sha256(bytes: Buffer): string {
  return digestLike('sha256:', bytes);
}
