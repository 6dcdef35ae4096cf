/** Digests of the received bytes: JSON.parse and JSON.stringify would change them. */
import { createHash } from 'node:crypto';

/** Returns the digest with the algorithm of `digest`: `sha256:…`, `sha384:…`, `sha512:…`. */
export function digestLike(digest: string, bytes: Buffer): string {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

export function sha256(bytes: Buffer): string {
  return digestLike('sha256:', bytes);
}
