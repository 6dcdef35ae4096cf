/** Turns the challenge of a registry into an `Authorization` header. Bearer comes before Basic; unknown schemes are skipped. */
import { type Challenge, parseChallenges } from './challenge.ts';
import { createCancellableFlights, type Join } from './cancellable-flights.ts';
import { createTokenServerClient, isBearerToken, realmOf, type TokenRequest, tokenServerOf } from './token-server.ts';
import type { createFollower } from './redirect.ts';
import { basicAuthorization } from './authorization.ts';
import type { RegistrySettings } from './settings.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import { createTokenCache, type Realm, type Token, type TokenCache } from './token-cache.ts';
import { timeoutError } from './network-errors.ts';

export interface Authorization {
  /** The value of the header. */
  readonly value: string;
  /** True if it is a cached token: if the registry rejects it, a new token can succeed. */
  readonly isCached: boolean;
  /** Equal for all responses to the same challenge; the cache key of a token. */
  readonly key: string;
}

export interface ChallengeContext {
  readonly endpoint: RegistryEndpoint;
  /** `WWW-Authenticate`. */
  readonly headers: readonly string[];
  /** The keys of what the registry has already rejected. */
  readonly sentKeys: ReadonlySet<string>;
  /** True if cached tokens must not be used. */
  readonly isFresh: boolean;
}

export interface Authenticator {
  /** Rejects with a RegistryError; `undefined` if no credential answers the challenges. */
  authorize(challenge: ChallengeContext, signal: AbortSignal): Promise<Authorization | undefined>;
  /** Called when the registry has rejected it. */
  forget(authorization: Authorization): void;
}

type Scheme =
  | { readonly kind: 'basic' }
  /** `undefined`: the credential is a token already. */
  | { readonly kind: 'bearer'; readonly realm: Realm | undefined };

/** The limit for a request to a token server, which is shared by its callers. */
const TOKEN_TIMEOUT_MS = 15_000;

export interface AuthenticatorOptions {
  readonly follow: ReturnType<typeof createFollower>;
  readonly settings: RegistrySettings;
  readonly now: () => number;
}

interface AuthenticatorState {
  readonly tokens: TokenCache;
  readonly requestToken: (request: TokenRequest, signal: AbortSignal) => Promise<Token>;
  readonly flights: Join<string>;
}

export function createAuthenticator({ follow, settings, now }: AuthenticatorOptions): Authenticator {
  const tokens = createTokenCache(now);
  const requestToken = createTokenServerClient(follow, now);
  const state = { tokens, requestToken, flights: createCancellableFlights<string>() };
  return {
    async authorize(challenge, signal) {
      const { endpoint, headers } = challenge;
      const scheme = chooseScheme(parseChallenges(headers), endpoint, settings);
      return scheme === undefined ? undefined : authorizationFor(state, { scheme, challenge }, signal);
    },
    forget({ key, value }) {
      // A concurrent request can have replaced the token.
      if (`Bearer ${tokens.get(key)}` === value) tokens.delete(key);
    },
  };
}

interface ChosenScheme {
  readonly scheme: Scheme;
  readonly challenge: ChallengeContext;
}

async function authorizationFor(
  state: AuthenticatorState,
  { scheme, challenge: { endpoint, sentKeys, isFresh } }: ChosenScheme,
  signal: AbortSignal,
): Promise<Authorization | undefined> {
  if (scheme.kind === 'basic' || scheme.realm === undefined) {
    return sentKeys.has(scheme.kind) ? undefined : withoutTokenServer(scheme, endpoint);
  }
  const { realm } = scheme;
  const key = state.tokens.keyOf(realm, endpoint.credential);
  if (sentKeys.has(key)) return undefined;
  const cached = isFresh ? undefined : state.tokens.get(key);
  if (cached !== undefined) return { value: `Bearer ${cached}`, isCached: true, key };
  const token = await fetchToken(state, { key, request: { realm, endpoint } }, signal);
  return { value: `Bearer ${token}`, isCached: false, key };
}

interface KeyedTokenRequest {
  readonly key: string;
  readonly request: TokenRequest;
}

async function fetchToken(
  { tokens, requestToken, flights }: AuthenticatorState,
  { key, request }: KeyedTokenRequest,
  signal: AbortSignal,
): Promise<string> {
  const { realm, endpoint } = request;
  const start = async (cancelled: AbortSignal): Promise<string> => {
    const token = await requestToken(request, AbortSignal.any([cancelled, AbortSignal.timeout(TOKEN_TIMEOUT_MS)]));
    tokens.set(key, token, endpoint.tenant);
    return token.value;
  };
  // Errors name the registry and the credential, so only callers with the same names share one; and each namespace waits for
  // the token server by itself.
  const flightKey = `${key} ${endpoint.name} ${endpoint.credential?.label ?? ''} ${endpoint.tenant}`;
  try {
    return await flights(flightKey, start, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw timeoutError(tokenServerOf(realm, endpoint), error);
  }
}

/** An authorization that needs no token server. */
function withoutTokenServer({ kind }: Scheme, { credential }: RegistryEndpoint): Authorization | undefined {
  const secret = credential?.secret;
  if (kind === 'bearer' && secret?.kind === 'registry-token') {
    const token = secret.token();
    return isBearerToken(token) ? { value: `Bearer ${token}`, isCached: false, key: kind } : undefined;
  }
  if (kind !== 'basic' || secret?.kind !== 'basic') return undefined;
  return { value: basicAuthorization(secret.username, secret.password()), isCached: false, key: kind };
}

/** A registry token needs no realm, so the realm is not checked then. */
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
