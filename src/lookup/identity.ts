/**
 * The credential in cache keys: an HMAC with a key that is not in the cache, so that neither a dump of the cache nor its server
 * reveals a password or allows guessing passwords.
 */
import { createHmac } from 'node:crypto';
import type { Credential, CredentialValue } from '../registry/credential.ts';

export const ANONYMOUS = 'anonymous';

export type IdentityOf = (credential: Credential | undefined) => string;

/**
 * The function that reveals a password is the same for all images and reviews of a Secret, so it is the key of the identity. An
 * HMAC costs as much as ten lookups (test/bench/README.md).
 */
export function identities(key: Uint8Array): IdentityOf {
  const known = new WeakMap<() => string, { readonly username: string; readonly identity: string }>();
  return (credential) => {
    if (credential === undefined) return ANONYMOUS;
    const { secret } = credential;
    const reveal = revealOf(secret);
    const username = usernameOf(secret);
    const before = known.get(reveal);
    if (before?.username === username) return before.identity;
    // Lengths keep "a" + "bc" apart from "ab" + "c".
    const text = `${secret.kind}\0${username.length}\0${username}\0${reveal()}`;
    const identity = createHmac('sha256', key).update(text).digest('base64url');
    known.set(reveal, { username, identity });
    return identity;
  };
}

function revealOf(secret: CredentialValue): () => string {
  return secret.kind === 'basic' ? secret.password : secret.token;
}

function usernameOf(secret: CredentialValue): string {
  return secret.kind === 'basic' ? secret.username : '';
}
