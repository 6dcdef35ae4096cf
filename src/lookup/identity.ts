/**
 * Who asks, as a part of cache keys: an HMAC of the credential with a key that is not in the cache, so that neither a dump of
 * the cache nor its server tells the password or lets anyone try passwords.
 */
import { createHmac } from 'node:crypto';
import type { Credential, CredentialValue } from '../registry/credential.ts';

export const ANONYMOUS = 'anonymous';

export type IdentityOf = (credential: Credential | undefined) => string;

/** The same credential of the same secret comes with each review; its function stands for it. */
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
