/**
 * What tenants are told of registries. A failure can name files and programs of nodes, their users, mirrors, and hosts and
 * addresses that only the inside of a network knows: what is not known to be for all goes to the log of the operator.
 */
import type { ImageLookup, RegistrySource, RegistrySources } from '../admission/context.ts';
import { whenKnown } from '../admission/maybe-promise.ts';
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFailure, RegistryImage } from '../policy/registry-fact.ts';
import { REGISTRY_SOURCE_NAMES } from '../policy/registry-questions.ts';
import { ANONYMOUS_ATTEMPT, PULL_SECRET_LABEL } from './attempts.ts';
import { shownRegistry } from './image-key.ts';

/** `tell` gets the details. */
export function discreet(sources: RegistrySources, tell: Tell): RegistrySources {
  const generalized = <T>(source: RegistrySource<T>, valueFor: ValueFor<T>): RegistrySource<T> => ({
    lookUp: (lookup, signal) =>
      whenKnown(source.lookUp(lookup, signal), (fact) =>
        fact.state === 'yes'
          ? { state: 'yes', value: valueFor(fact.value, lookup, tell) }
          : { ...fact, failure: failureFor(fact.failure, lookup, tell) },
      ),
  });
  const entries = REGISTRY_SOURCE_NAMES.map((name) =>
    name === 'images'
      ? [name, generalized(sources.images, imageFor)]
      : [name, generalized<unknown>(sources[name], (value) => value)],
  );
  return Object.fromEntries(entries) as RegistrySources;
}

type ValueFor<T> = (value: T, lookup: ImageLookup, tell: Tell) => T;

export type Tell = (detail: string, namespace: string) => void;

function imageFor(image: RegistryImage, lookup: ImageLookup, tell: Tell): RegistryImage {
  const { credential, mirror, stale } = image;
  const isOwn = credential === ANONYMOUS_ATTEMPT.label || credential.startsWith(PULL_SECRET_LABEL);
  if (isOwn && mirror === undefined && stale === undefined) return image;
  return {
    ...image,
    credential: isOwn ? credential : 'a node credential',
    mirror: mirror === undefined ? undefined : `of ${shownRegistry(lookup.reference)}`,
    stale: stale && { ...stale, failure: failureFor(stale.failure, lookup, tell) },
  };
}

function failureFor(failure: RegistryFailure, { reference, requester }: ImageLookup, tell: Tell): RegistryFailure {
  const { cause, message, remedy, isPublic } = failure;
  if (isPublic) return failure;
  tell(remedy === undefined ? message : `${message}; ${remedy}`, requester?.namespace ?? '');
  return {
    ...failure,
    message: `${shownRegistry(reference)} ${WORDS[cause]} (see the tidewaiter log)`,
    remedy: undefined,
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
const MAX_TOLD = 500;
/** For the images of one namespace. */
const MAX_OF_ONE = 50;
const PERIOD_MS = 600_000;

/** Writes each message once in a period, up to a limit, of which each namespace has a share. */
export function onceInAWhile(write: (text: string) => void, now: () => number): Tell {
  const told = new Set<string>();
  const counts = new Map<string, number>();
  let untilMs = -Infinity;
  const writeEnd = (which: string): void =>
    write(`more registry failures${which} are not logged until ${new Date(untilMs).toISOString()}`);
  return (text, namespace) => {
    if (now() >= untilMs) {
      told.clear();
      counts.clear();
      untilMs = now() + PERIOD_MS;
    }
    const count = counts.get(namespace) ?? 0;
    if (told.has(text) || told.size >= MAX_TOLD || count >= MAX_OF_ONE) return;
    told.add(text);
    counts.set(namespace, count + 1);
    write(text);
    if (told.size === MAX_TOLD) writeEnd('');
    else if (count + 1 === MAX_OF_ONE) writeEnd(` of images in namespace ${quoteValue(namespace)}`);
  };
}
