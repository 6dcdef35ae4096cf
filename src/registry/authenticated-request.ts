/** Sends requests to one registry and answers its challenges. */
import { type Authenticator, type Authorization, createAuthenticator } from './authenticate.ts';
import { type RegistryEndpoint, remoteHostOf } from './endpoint.ts';
import { httpError } from './http-errors.ts';
import { createFollower, type FinalResponse } from './redirect.ts';
import { createRetryingSend } from './retry.ts';
import type { RegistrySettings } from './settings.ts';
import type { Transport } from './transport.ts';
import { challengesIn, whyUnsent } from './unsent-credentials.ts';

export interface ResourceRequest {
  readonly method: 'HEAD' | 'GET';
  /** The path below /v2/REPOSITORY: `manifests/1.27`, `blobs/sha256:…`. */
  readonly path: string;
  readonly accept: readonly string[];
  readonly maxBytes: number;
}

/** All requests for one image at one endpoint. They share what they learn about its authentication, and nothing else. */
export interface Conversation {
  readonly endpoint: RegistryEndpoint;
  /** Returns any response; the last one if the registry rejects the credential that it has requested. */
  send(request: ResourceRequest, signal: AbortSignal): Promise<RegistryResponse>;
  /** Returns a response with status 200, and throws the error of any other. */
  expectOk(response: RegistryResponse): FinalResponse;
}

export interface RegistryResponse {
  readonly response: FinalResponse;
  /** The `Authorization` header of the request. */
  readonly authorization: string | undefined;
}

export interface ConversationOptions {
  readonly transport: Transport;
  readonly settings: RegistrySettings;
  readonly now: () => number;
}

/** A registry can request one scope after another; each challenge is answered once. */
const MAX_CHALLENGES = 3;

export function createConversations({
  transport,
  settings,
  now,
}: ConversationOptions): (endpoint: RegistryEndpoint) => Conversation {
  const follow = createFollower(createRetryingSend(transport, now), settings);
  const authenticator = createAuthenticator({ follow, settings, now });
  return (endpoint) => {
    const state: ConversationState = { endpoint, follow, authenticator, authorization: undefined };
    return {
      endpoint,
      send: (request, signal) => sendAuthenticated(state, request, signal),
      expectOk({ response, authorization }) {
        if (response.status === 200) return response;
        const unsent = authorization === undefined ? whyUnsent(endpoint, response) : undefined;
        throw httpError({ endpoint, authorization, response, unsent, remote: response.remote, now: now() });
      },
    };
  };
}

interface ConversationState {
  readonly endpoint: RegistryEndpoint;
  readonly follow: ReturnType<typeof createFollower>;
  readonly authenticator: Authenticator;
  /** The answer to the registry's last challenge. */
  authorization: Authorization | undefined;
}

/**
 * A conversation begins without a credential, as containerd begins each pull: what is sent depends on the registry's challenge,
 * and not on earlier conversations. If the registry rejects a cached token, the request is repeated without it, because
 * the token may have expired or may lack a scope.
 */
async function sendAuthenticated(
  state: ConversationState,
  request: ResourceRequest,
  signal: AbortSignal,
): Promise<RegistryResponse> {
  const { authenticator, authorization: before } = state;
  const first = await sendOnce(state, { request, authorization: before?.value }, signal);
  if (before !== undefined && isChallenge(first)) authenticator.forget(before);
  const { last, sent } = await sendWithCredential(state, { request, first, isFresh: false }, signal);
  const cached = [...(before === undefined ? [] : [before]), ...sent].filter(({ isCached }) => isCached);
  if (cached.length === 0 || !isRejected(last)) return last;
  for (const one of cached) authenticator.forget(one);
  const again = before === undefined ? first : await sendOnce(state, { request, authorization: undefined }, signal);
  return (await sendWithCredential(state, { request, first: again, isFresh: true }, signal)).last;
}

interface ChallengeRound {
  readonly request: ResourceRequest;
  readonly first: RegistryResponse;
  /** True if cached tokens must not be used. */
  readonly isFresh: boolean;
}

async function sendWithCredential(
  state: ConversationState,
  { request, first, isFresh }: ChallengeRound,
  signal: AbortSignal,
): Promise<{ readonly last: RegistryResponse; readonly sent: readonly Authorization[] }> {
  const { endpoint, authenticator } = state;
  const sent: Authorization[] = [];
  const sentKeys = new Set<string>();
  let last = first;
  while (isChallenge(last) && sentKeys.size < MAX_CHALLENGES) {
    const challenge = { endpoint, headers: challengesIn(last.response), sentKeys, isFresh };
    const next = await authenticator.authorize(challenge, signal);
    if (next === undefined || next.value === last.authorization) break;
    sent.push(next);
    sentKeys.add(next.key);
    state.authorization = next;
    last = await sendOnce(state, { request, authorization: next.value }, signal);
  }
  return { last, sent };
}

interface AuthorizedRequest {
  readonly request: ResourceRequest;
  readonly authorization: string | undefined;
}

async function sendOnce(
  { endpoint, follow }: ConversationState,
  { request: { method, path, accept, maxBytes }, authorization }: AuthorizedRequest,
  signal: AbortSignal,
): Promise<RegistryResponse> {
  const url = new URL(`/v2/${endpoint.repository}/${path}`, endpoint.base);
  const headers = { accept: accept.join(', ') };
  const remote = remoteHostOf(endpoint);
  const response = await follow({ method, url, endpoint, maxBytes, headers, remote, authorization }, signal);
  return { response, authorization };
}

/** Only the registry itself has seen the credential. 404 can hide an image. */
function isRejected({ response }: RegistryResponse): boolean {
  return response.isFromOrigin && [401, 403, 404].includes(response.status);
}

/** A challenge from the host of a redirect is not answered: the credential is not for that host. */
function isChallenge({ response }: RegistryResponse): boolean {
  return response.status === 401 && response.isFromOrigin;
}
