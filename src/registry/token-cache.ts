/** Caches bearer tokens until shortly before they expire, by credential and scope. Keys reveal no secret. */
import { createHmac, randomBytes } from 'node:crypto';
import { boundedCache } from './bounded-cache.ts';
import type { Credential } from './credential.ts';

export interface Realm {
  readonly url: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
}

export interface Token {
  readonly value: string;
  /** The lifetime in seconds, from the token server. */
  readonly expiresInS: number;
}

export interface TokenCache {
  keyOf(realm: Realm, credential: Credential | undefined): string;
  get(key: string): string | undefined;
  set(key: string, token: Token, tenant: string): void;
  delete(key: string): void;
}

const MAX_TOKENS = 2000;
/** A token with a longer lifetime is requested again after an hour, because its permissions may have changed. */
const MAX_LIFE_S = 3600;
/** A token must still be valid when it arrives at the registry, whose clock may be fast. */
const SKEW_S = 10;

export function createTokenCache(now: () => number): TokenCache {
  const tokens = boundedCache<string>(MAX_TOKENS, now, weightOf);
  // The key stays in this process, so a dump of the cache keys does not allow guessing passwords.
  const secretKey = randomBytes(32);
  return {
    keyOf({ url, service, scopes }, credential) {
      const parts = [url.href, service ?? null, scopes, ...identityOf(credential)];
      return createHmac('sha256', secretKey).update(JSON.stringify(parts)).digest('base64');
    },
    get: (key) => tokens.get(key),
    set(key, { value, expiresInS }, tenant) {
      const life = Math.min(expiresInS, MAX_LIFE_S);
      tokens.set(key, value, (life - Math.min(SKEW_S, life / 10)) * 1000, tenant);
    },
    delete: (key) => tokens.delete(key),
  };
}

/** 4 MiB for all tokens: a token server can send 64 KiB for each. */
const USUAL_LENGTH = 2048;

function weightOf(token: string): number {
  return Math.ceil(token.length / USUAL_LENGTH);
}

function identityOf(credential: Credential | undefined): readonly string[] {
  if (credential === undefined) return [];
  const { secret } = credential;
  return secret.kind === 'basic' ? [secret.kind, secret.username, secret.password()] : [secret.kind, secret.token()];
}
