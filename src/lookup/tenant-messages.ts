/**
 * Replaces details of registry failures in messages to tenants. A failure can name files and programs on nodes, their users,
 * mirrors, and internal hosts and addresses, so everything that is not marked as public goes to the operator's log.
 */
import type { ImageLookup, RegistrySource, RegistrySources } from '../admission/context.ts';
import { whenKnown } from '../admission/maybe-promise.ts';
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFailure, RegistryImage } from '../policy/registry-fact.ts';
import { REGISTRY_SOURCE_NAMES } from '../policy/registry-questions.ts';
import { ANONYMOUS_ATTEMPT, PULL_SECRET_LABEL } from './attempts.ts';
import { shownRegistry } from './image-key.ts';

export function withTenantMessages(sources: RegistrySources, logDetail: DetailLog): RegistrySources {
  const generalized = <T>(source: RegistrySource<T>, valueFor: ValueFor<T>): RegistrySource<T> => ({
    lookUp: (lookup, signal) =>
      whenKnown(source.lookUp(lookup, signal), (fact) =>
        fact.state === 'yes'
          ? { state: 'yes', value: valueFor(fact.value, lookup, logDetail) }
          : { ...fact, failure: failureFor(fact.failure, lookup, logDetail) },
      ),
  });
  const entries = REGISTRY_SOURCE_NAMES.map((name) =>
    name === 'images'
      ? [name, generalized(sources.images, imageFor)]
      : [name, generalized<unknown>(sources[name], (value) => value)],
  );
  return Object.fromEntries(entries) as RegistrySources;
}

type ValueFor<T> = (value: T, lookup: ImageLookup, logDetail: DetailLog) => T;

export type DetailLog = (detail: string, namespace: string) => void;

function imageFor(image: RegistryImage, lookup: ImageLookup, logDetail: DetailLog): RegistryImage {
  const { credential, mirror, stale } = image;
  const isOwn = credential === ANONYMOUS_ATTEMPT.label || credential.startsWith(PULL_SECRET_LABEL);
  if (isOwn && mirror === undefined && stale === undefined) return image;
  return {
    ...image,
    credential: isOwn ? credential : 'a node credential',
    mirror: mirror === undefined ? undefined : `of ${shownRegistry(lookup.reference)}`,
    stale: stale && { ...stale, failure: failureFor(stale.failure, lookup, logDetail) },
  };
}

function failureFor(
  failure: RegistryFailure,
  { reference, requester }: ImageLookup,
  logDetail: DetailLog,
): RegistryFailure {
  const { cause, message, remedy, isPublic } = failure;
  if (isPublic) return failure;
  logDetail(remedy === undefined ? message : `${message}; ${remedy}`, requester?.namespace ?? '');
  return {
    ...failure,
    message: `${shownRegistry(reference)} ${WORDS[cause]} (see the tidewaiter log)`,
    remedy: undefined,
    namesCredentials: undefined,
  };
}

const WORDS: Readonly<Record<RegistryCause, string>> = {
  notFound: 'does not have the image, or hides it',
  forbidden: 'does not allow the pull (403)',
  unauthenticated: 'accepts none of the credentials (401)',
  rateLimited: 'limits the rate (429)',
  serverError: 'is unavailable (5xx)',
  timeout: 'did not respond in time',
  dns: 'cannot be resolved: DNS lookup failed',
  tls: 'cannot be verified (TLS)',
  unreachable: 'cannot be reached',
  blocked: 'was not contacted: the configuration does not allow it',
  protocol: 'returned an invalid response',
  tooMany: 'was not queried: too many lookups are in progress',
};

/** Anyone can write image names, and each name can produce a message of its own. */
const MAX_DETAILS = 500;
const MAX_OF_NAMESPACE = 50;
const PERIOD_MS = 600_000;

/** Returns a log that writes each message once per period, up to a limit for each namespace and for all namespaces. */
export function limitedDetailLog(
  write: (text: string) => void,
  now: () => number,
  what = 'registry failures',
): DetailLog {
  const logged = new Set<string>();
  const counts = new Map<string, number>();
  let untilMs = -Infinity;
  const writeEnd = (which: string): void =>
    write(`more ${what}${which} are not logged until ${new Date(untilMs).toISOString()}`);
  return (text, namespace) => {
    if (now() >= untilMs) {
      logged.clear();
      counts.clear();
      untilMs = now() + PERIOD_MS;
    }
    const count = counts.get(namespace) ?? 0;
    if (logged.has(text) || logged.size >= MAX_DETAILS || count >= MAX_OF_NAMESPACE) return;
    logged.add(text);
    counts.set(namespace, count + 1);
    write(text);
    if (logged.size === MAX_DETAILS) writeEnd('');
    else if (count + 1 === MAX_OF_NAMESPACE) writeEnd(` in namespace ${quoteValue(namespace)}`);
  };
}
