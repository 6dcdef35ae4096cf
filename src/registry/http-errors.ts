/** What a registry answered other than 200 -> what a RegistryError says about it. */
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';
import { RegistryError } from './client.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { parsedObject } from './response-json.ts';
import type { FinalAnswer } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';
import { secretsOf } from './secret.ts';
import { askedWith, isDockerHub, NO_CREDENTIAL, type Site, subjectOf } from './endpoint.ts';
import type { HttpAnswer } from './http-message.ts';
import type { Place } from './network-errors.ts';

export interface Refused {
  readonly place: Place;
  readonly answer: HttpAnswer & Partial<Pick<FinalAnswer, 'isFromOrigin'>>;
  readonly site: Site;
  /** What was sent with the request. */
  readonly authorization: string | undefined;
  /** Why the credential of the site was not, if it was not. */
  readonly unsent?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function refusalOf(refused: Refused): RegistryError {
  const { answer, now } = refused;
  const waitMs = retryAfterMs(answer.headers.get('retry-after')?.[0], now);
  const failure = failureOf(refused, waitMs);
  return new RegistryError(isPublic(refused) ? { ...failure, isPublic: true } : failure, { retryAfterMs: waitMs });
}

function isPublic({ place, site }: Refused): boolean {
  const isOwn = site.credential === undefined || site.credential.isOfSecret === true;
  return isOwn && site.mirror === undefined && place.host === site.base.host;
}

function failureOf(refused: Refused, waitMs: number | undefined): RegistryFailure {
  const { place, answer, site } = refused;
  const { status } = answer;
  const said = saidBy(answer, sentSecrets(refused));
  const wait = waitMs === undefined ? '' : `, retry in ${Math.ceil(waitMs / 1000)} s`;
  const answered = `${place.name} answered ${status}`;
  switch (status) {
    case 404: {
      const message = `${place.name} has no ${subjectOf(site)}${said}`;
      return { cause: 'notFound', message, remedy: NOT_FOUND, ...unjudged(refused) };
    }
    case 401:
    case 403:
      return refusedBy(refused, said);
    case 429:
      return { cause: 'rateLimited', message: `${answered}${wait}${said}`, remedy: limitRemedy(site) };
    default: {
      const cause: RegistryCause = status >= 500 ? 'serverError' : 'protocol';
      return { cause, message: `${answered}${wait}${said}`, remedy: undefined };
    }
  }
}

/** A credential is to blame when it went out, and whoever should judge it has refused it. */
function refusedBy(refused: Refused, said: string): RegistryFailure {
  const { place, answer, site } = refused;
  const isKnown = answer.status === 403;
  const cause: RegistryCause = isKnown ? 'forbidden' : 'unauthenticated';
  const unsent = unsentIn(refused);
  const told = (asked: string): string => `${place.name} answered ${answer.status} for ${subjectOf(site)} to ${asked}`;
  if (unsent === undefined) {
    const remedy = isKnown ? deniedRemedy(site) : unauthenticatedRemedy(site);
    return { cause, message: `${told(askedWith(site))}${said}`, remedy };
  }
  const why = site.credential === undefined ? '' : `; ${askedWith(site)} was not sent: ${unsent}`;
  return { cause, message: `${told(NO_CREDENTIAL)}${said}${why}`, remedy: undefined, ...unjudged(refused) };
}

/** A host that a redirect led to gets no credential. */
function unsentIn({ answer, unsent }: Refused): string | undefined {
  return answer.isFromOrigin === false ? 'it is not for the host of a redirect' : unsent;
}

function unjudged(refused: Refused): Pick<RegistryFailure, 'unjudged'> {
  return refused.site.credential === undefined || unsentIn(refused) === undefined ? {} : { unjudged: true };
}

function sentSecrets({ site, authorization }: Refused): readonly string[] {
  const token = authorization?.split(' ')[1];
  return [...secretsOf(site.credential), ...(token === undefined ? [] : [token])];
}

const NOT_FOUND = 'check the name and the tag; some registries hide private images this way from who may not see them';

function unauthenticatedRemedy(site: Site): string {
  const { credential, repository } = site;
  if (isDockerHub(site)) {
    const docker = 'check the name first: Docker Hub answers 401 for a repository that does not exist, too';
    return credential === undefined ? docker : `${docker}; then the user and the password in ${credential.label}`;
  }
  if (credential === undefined) return `give a pull secret for ${site.base.host}, or check the name`;
  return `check the user and the password in ${credential.label}, and whether it may pull ${quoteValue(repository)}`;
}

function deniedRemedy({ credential, repository }: Site): string {
  const who = credential === undefined ? 'give a credential that may' : `let the account of ${credential.label}`;
  return `${who} pull ${quoteValue(repository)}`;
}

function limitRemedy(site: Site): string {
  const limited = isDockerHub(site) && site.credential === undefined;
  return limited
    ? 'pull with an account, or through a mirror: anonymous pulls are counted by address'
    : 'pull through a mirror, or wait';
}

/** The registry's own words, OCI distribution-spec "Error Codes": `: MANIFEST_UNKNOWN "manifest unknown"`. */
function saidBy({ body }: HttpAnswer, secrets: readonly string[]): string {
  const first = firstError(body);
  if (first === undefined) return '';
  const code = typeof first['code'] === 'string' && /^[A-Z_]{1,40}$/.test(first['code']) ? first['code'] : undefined;
  const message = typeof first['message'] === 'string' ? first['message'].trim() : '';
  // A registry that repeats what it was sent must not make us repeat it.
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
