/** Turns responses with a status other than 200 into RegistryErrors. */
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';
import { RegistryError } from './client.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { parsedObject } from './response-json.ts';
import type { FinalResponse } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';
import { secretsOf } from './authorization.ts';
import { withCredential, isDockerHub, WITHOUT_CREDENTIALS, type RegistryEndpoint, subjectOf } from './endpoint.ts';
import type { HttpResponse } from './http-message.ts';
import type { RemoteHost } from './network-errors.ts';

export interface HttpFailure {
  readonly remote: RemoteHost;
  readonly response: HttpResponse & Partial<Pick<FinalResponse, 'isFromOrigin'>>;
  readonly endpoint: RegistryEndpoint;
  /** The `Authorization` header of the request. */
  readonly authorization: string | undefined;
  /** Why the credential was not sent. */
  readonly unsent?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function httpError(failed: HttpFailure): RegistryError {
  const { response, now } = failed;
  const waitMs = retryAfterMs(response.headers.get('retry-after')?.[0], now);
  const failure = failureOf(failed, waitMs);
  return new RegistryError(isPublic(failed) ? { ...failure, isPublic: true } : failure, { retryAfterMs: waitMs });
}

function isPublic({ remote, endpoint }: HttpFailure): boolean {
  const isOwn = endpoint.credential === undefined || endpoint.credential.isOfSecret === true;
  return isOwn && endpoint.mirror === undefined && remote.host === endpoint.base.host;
}

function failureOf(failed: HttpFailure, waitMs: number | undefined): RegistryFailure {
  const { remote, response, endpoint } = failed;
  const { status } = response;
  const detail = registryMessage(response, sentSecrets(failed));
  const wait = waitMs === undefined ? '' : `; retry after ${Math.ceil(waitMs / 1000)} s`;
  const returned = `${remote.name} returned HTTP ${status}`;
  switch (status) {
    case 404: {
      const message = `${remote.name} does not have ${subjectOf(endpoint)}${detail}`;
      return { cause: 'notFound', message, remedy: NOT_FOUND, ...credentialUntested(failed) };
    }
    case 401:
    case 403:
      return credentialFailure(failed, detail);
    case 429:
      return { cause: 'rateLimited', message: `${returned}${detail}${wait}`, remedy: limitRemedy(endpoint) };
    default: {
      const cause: RegistryCause = status >= 500 ? 'serverError' : 'protocol';
      return { cause, message: `${returned}${detail}${wait}`, remedy: undefined };
    }
  }
}

/** The credential is to blame only if it was sent, and rejected by the registry or its token server. */
function credentialFailure(failed: HttpFailure, detail: string): RegistryFailure {
  const { remote, response, endpoint } = failed;
  const isKnown = response.status === 403;
  const cause: RegistryCause = isKnown ? 'forbidden' : 'unauthenticated';
  const unsent = unsentIn(failed);
  const rejection = (sent: string): string =>
    `${remote.name} returned HTTP ${response.status} for ${subjectOf(endpoint)}, requested ${sent}${detail}`;
  if (unsent === undefined) {
    const remedy = isKnown ? deniedRemedy(endpoint) : unauthenticatedRemedy(endpoint);
    return { cause, message: rejection(withCredential(endpoint)), remedy };
  }
  const { credential } = endpoint;
  const why = credential === undefined ? '' : `; ${credential.label} was not sent: ${unsent}`;
  return {
    cause,
    message: `${rejection(WITHOUT_CREDENTIALS)}${why}`,
    remedy: undefined,
    ...credentialUntested(failed),
  };
}

/** Credentials are not sent to the host of a redirect. */
function unsentIn({ response, unsent }: HttpFailure): string | undefined {
  return response.isFromOrigin === false ? 'credentials are not sent to the host of a redirect' : unsent;
}

function credentialUntested(failed: HttpFailure): Pick<RegistryFailure, 'credentialUntested'> {
  return failed.endpoint.credential === undefined || unsentIn(failed) === undefined ? {} : { credentialUntested: true };
}

function sentSecrets({ endpoint, authorization }: HttpFailure): readonly string[] {
  const token = authorization?.split(' ')[1];
  return [...secretsOf(endpoint.credential), ...(token === undefined ? [] : [token])];
}

const NOT_FOUND = 'check the name and the tag; some registries report private images as not found';

function unauthenticatedRemedy(endpoint: RegistryEndpoint): string {
  const { credential, repository } = endpoint;
  if (isDockerHub(endpoint)) {
    const docker = 'check the name first; Docker Hub also returns 401 for repositories that do not exist';
    return credential === undefined
      ? docker
      : `${docker}; then check the user name and the password in ${credential.label}`;
  }
  if (credential === undefined) return `add a pull secret for ${endpoint.base.host}, or check the name`;
  return `check the user name and the password in ${credential.label}, and whether the account can pull ${quoteValue(repository)}`;
}

function deniedRemedy({ credential, repository }: RegistryEndpoint): string {
  const who = credential === undefined ? 'use a credential with' : `grant the account of ${credential.label}`;
  return `${who} pull access to ${quoteValue(repository)}`;
}

function limitRemedy(endpoint: RegistryEndpoint): string {
  const limited = isDockerHub(endpoint) && endpoint.credential === undefined;
  return limited
    ? 'use credentials or a mirror; anonymous pulls are rate limited by IP address'
    : 'use a mirror, or wait';
}

/** The error message of the registry, OCI distribution-spec "Error Codes": `: MANIFEST_UNKNOWN "manifest unknown"`. */
function registryMessage({ body }: HttpResponse, secrets: readonly string[]): string {
  const first = firstError(body);
  if (first === undefined) return '';
  const code = typeof first['code'] === 'string' && /^[A-Z_]{1,40}$/.test(first['code']) ? first['code'] : undefined;
  const message = typeof first['message'] === 'string' ? first['message'].trim() : '';
  // The message is omitted if the registry repeats a secret in it.
  const repeats = secrets.some((secret) => message.includes(secret));
  const words = [code, message === '' || repeats ? undefined : quoteValue(message, 120)].filter(
    (word) => word !== undefined,
  );
  return words.length === 0 ? '' : `: ${words.join(' ')}`;
}

function firstError(body: Buffer): JsonObject | undefined {
  const errors = parsedObject(body)?.['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) ? first : undefined;
}
