/** A registry's challenge -> what to send in `Authorization`. Bearer before Basic, schemes nobody here speaks are skipped. */
import { type Challenge, parseChallenges } from './challenge.ts';
import { createCancellableFlights } from './cancellable-flights.ts';
import { createTokenServerClient, isBearerToken, realmOf, type TokenRequest, tokenServerOf } from './token-server.ts';
import type { createFollower } from './redirect.ts';
import { basicAuthorization } from './secret.ts';
import type { RegistrySettings } from './settings.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import { createTokenCache, type Realm } from './token-cache.ts';
import { timeoutError } from './network-errors.ts';

export interface Authorization {
  /** The value of the header. */
  readonly value: string;
  /** It is a token from before: when it is refused, a new one may not be. */
  readonly isCached: boolean;
  /** The same for all that answers the same challenge: where the token is kept, if it is one that is. */
  readonly key: string;
}

export interface ChallengeContext {
  readonly endpoint: RegistryEndpoint;
  /** `WWW-Authenticate`. */
  readonly headers: readonly string[];
  /** Keys of what was sent already: it would be refused again. */
  readonly sentKeys: ReadonlySet<string>;
  /** No token from before is good enough. */
  readonly isFresh: boolean;
}

export interface Authenticator {
  /** Rejects with a RegistryError; undefined when there is nothing that the challenges would take. */
  authorize(challenge: ChallengeContext, signal: AbortSignal): Promise<Authorization | undefined>;
  /** The registry did not take it. */
  forget(authorization: Authorization): void;
}

type Scheme =
  | { readonly kind: 'basic' }
  /** No realm: the credential is a token already. */
  | { readonly kind: 'bearer'; readonly realm: Realm | undefined };

/** For a token server, whoever waits for it and however long. */
const TOKEN_TIMEOUT_MS = 15_000;

export interface AuthenticatorOptions {
  readonly follow: ReturnType<typeof createFollower>;
  readonly settings: RegistrySettings;
  readonly now: () => number;
}

export function createAuthenticator({ follow, settings, now }: AuthenticatorOptions): Authenticator {
  const tokens = createTokenCache(now);
  const askForToken = createTokenServerClient(follow, now);
  const join = createCancellableFlights<string>();

  const fetchToken = async (key: string, { realm, endpoint }: TokenRequest, signal: AbortSignal): Promise<string> => {
    const start = async (ended: AbortSignal): Promise<string> => {
      const token = await askForToken(
        { realm, endpoint },
        AbortSignal.any([ended, AbortSignal.timeout(TOKEN_TIMEOUT_MS)]),
      );
      tokens.set(key, token, endpoint.tenant);
      return token.value;
    };
    // Errors name the registry and the credential, so only who would say the same shares the answer; and each namespace has
    // its own turn at the token server.
    const sameWords = `${key} ${endpoint.name} ${endpoint.credential?.label ?? ''} ${endpoint.tenant}`;
    try {
      return await join(sameWords, start, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw timeoutError(tokenServerOf(realm, endpoint), error);
    }
  };

  const authorizationFor = async (
    scheme: Scheme,
    { endpoint, sentKeys, isFresh }: ChallengeContext,
    signal: AbortSignal,
  ): Promise<Authorization | undefined> => {
    if (scheme.kind === 'basic' || scheme.realm === undefined) {
      return sentKeys.has(scheme.kind) ? undefined : withoutTokenServer(scheme, endpoint);
    }
    const { realm } = scheme;
    const key = tokens.keyOf(realm, endpoint.credential);
    if (sentKeys.has(key)) return undefined;
    const known = isFresh ? undefined : tokens.get(key);
    if (known !== undefined) return { value: `Bearer ${known}`, isCached: true, key };
    return { value: `Bearer ${await fetchToken(key, { realm, endpoint }, signal)}`, isCached: false, key };
  };

  return {
    async authorize(challenge, signal) {
      const { endpoint, headers } = challenge;
      const scheme = chooseScheme(parseChallenges(headers), endpoint, settings);
      return scheme === undefined ? undefined : authorizationFor(scheme, challenge, signal);
    },
    forget({ key, value }) {
      // Another question may have got a new one since.
      if (`Bearer ${tokens.get(key)}` === value) tokens.delete(key);
    },
  };
}

/** What needs no token server. */
function withoutTokenServer({ kind }: Scheme, { credential }: RegistryEndpoint): Authorization | undefined {
  const secret = credential?.secret;
  if (kind === 'bearer' && secret?.kind === 'registry-token') {
    const token = secret.token();
    return isBearerToken(token) ? { value: `Bearer ${token}`, isCached: false, key: kind } : undefined;
  }
  if (kind !== 'basic' || secret?.kind !== 'basic') return undefined;
  return { value: basicAuthorization(secret.username, secret.password()), isCached: false, key: kind };
}

/** A registry token needs no realm, so none is looked at then. */
function chooseScheme(
  challenges: readonly Challenge[],
  endpoint: RegistryEndpoint,
  settings: RegistrySettings,
): Scheme | undefined {
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer === undefined) return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
  const needsRealm = endpoint.credential?.secret.kind !== 'registry-token';
  return { kind: 'bearer', realm: needsRealm ? realmOf(bearer, endpoint, settings) : undefined };
}
