/**
 * A registry's challenge -> what to send in `Authorization`. Bearer before Basic, schemes nobody here speaks are skipped. What
 * a registry asked for is remembered, so that the next question to it begins with what it wanted the last time.
 */
import { isTrouble } from './causes.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { RegistryError } from './client.ts';
import { createFlights } from './flights.ts';
import { createTokenServerClient, isBearerToken, realmOf, tokenPlace } from './realm.ts';
import type { createFollower } from './redirect.ts';
import { basicAuthorization } from './secret.ts';
import type { RegistrySettings } from './settings.ts';
import type { Site } from './site.ts';
import { createMemory, type Scheme } from './scheme-memory.ts';
import { createTokenCache, type Realm } from './token-cache.ts';
import { timedOut } from './trouble.ts';

export interface Authorization {
  /** The value of the header. */
  readonly value: string;
  /** It is a token from before: when it is refused, a new one may not be. */
  readonly isCached: boolean;
}

export interface Authenticator {
  /** What earlier challenges of this registry ask for; undefined: nothing to send, as far as is known. */
  foresee(site: Site, signal: AbortSignal): Promise<Authorization | undefined>;
  /** Rejects with a RegistryError; undefined when there is nothing that the challenges would take. */
  authorize(site: Site, headers: readonly string[], signal: AbortSignal): Promise<Authorization | undefined>;
  /** The registry did not take it. */
  forget(site: Site): void;
}

/** For a token server, whoever waits for it and however long. */
const TOKEN_TIMEOUT_MS = 15_000;

export interface AuthenticatorOptions {
  readonly follow: ReturnType<typeof createFollower>;
  readonly settings: RegistrySettings;
  readonly now: () => number;
}

export function createAuthenticator({ follow, settings, now }: AuthenticatorOptions): Authenticator {
  const memory = createMemory();
  const tokens = createTokenCache(now);
  const askForToken = createTokenServerClient(follow, now);
  const join = createFlights<string>();

  const fetchToken = async (realm: Realm, site: Site, signal: AbortSignal): Promise<string> => {
    const key = tokens.keyOf(realm, site.credential);
    const start = async (ended: AbortSignal): Promise<string> => {
      const token = await askForToken({ realm, site }, AbortSignal.any([ended, AbortSignal.timeout(TOKEN_TIMEOUT_MS)]));
      tokens.set(key, token, site.tenant);
      return token.value;
    };
    // Errors name the registry and the credential, so only who would say the same shares the answer.
    const sameWords = `${key} ${site.name} ${site.credential?.label ?? ''}`;
    try {
      return await join(sameWords, start, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw timedOut(tokenPlace(realm, site), error);
    }
  };

  const answerTo = async (scheme: Scheme, site: Site, signal: AbortSignal): Promise<Authorization | undefined> => {
    const value = directly(scheme, site) ?? cachedToken(scheme, site);
    if (value !== undefined || scheme.kind === 'basic' || scheme.realm === undefined) return value;
    return { value: `Bearer ${await fetchToken(scheme.realm, site, signal)}`, isCached: false };
  };

  return {
    async foresee(site, signal) {
      const scheme = memory.recall(site);
      if (scheme === undefined) return undefined;
      try {
        return await answerTo(scheme, site, signal);
      } catch (error) {
        // This very image may need no token at all; if it does, the registry will say so, and the error comes again.
        // Nor need the token server be the same any more: what is remembered of it must not outlive it.
        if (!(error instanceof RegistryError) || signal.aborted || error.failure.cause === 'rateLimited') throw error;
        if (isTrouble(error.failure)) memory.forget(site);
        return undefined;
      }
    },
    async authorize(site, headers, signal) {
      const scheme = chooseScheme(parseChallenges(headers), site, settings);
      if (scheme === undefined) return undefined;
      memory.remember(site, scheme);
      return answerTo(scheme, site, signal);
    },
    forget(site) {
      const scheme = memory.recall(site);
      if (scheme?.kind !== 'bearer' || scheme.realm === undefined) return;
      tokens.delete(tokens.keyOf(scheme.realm, site.credential));
    },
  };

  function cachedToken(scheme: Scheme, site: Site): Authorization | undefined {
    if (scheme.kind === 'basic' || scheme.realm === undefined) return undefined;
    const token = tokens.get(tokens.keyOf(scheme.realm, site.credential));
    return token === undefined ? undefined : { value: `Bearer ${token}`, isCached: true };
  }
}

/** What needs no token server. */
function directly(scheme: Scheme, { credential }: Site): Authorization | undefined {
  const secret = credential?.secret;
  if (scheme.kind === 'bearer' && secret?.kind === 'registry-token') {
    const token = secret.token();
    return isBearerToken(token) ? { value: `Bearer ${token}`, isCached: false } : undefined;
  }
  if (scheme.kind !== 'basic' || secret?.kind !== 'basic') return undefined;
  return { value: basicAuthorization(secret.username, secret.password()), isCached: false };
}

/** A registry token needs no realm, so none is looked at then. */
function chooseScheme(challenges: readonly Challenge[], site: Site, settings: RegistrySettings): Scheme | undefined {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer === undefined) return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
  const needsRealm = site.credential?.secret.kind !== 'registry-token';
  return { kind: 'bearer', realm: needsRealm ? realmOf(bearer, site, settings) : undefined };
}
