/**
 * What tenants are told of registries. A failure can name files and programs of nodes, their users, mirrors, and hosts and
 * addresses that only the inside of a network knows: what is not known to be for all goes to the log of the operator.
 */
import type { ImageQuestion } from '../admission/context.ts';
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFact, RegistryFailure, RegistryImage } from '../policy/registry-fact.ts';
import { ANONYMOUS_ATTEMPT, PULL_SECRET_LABEL } from './attempts.ts';
import { shownRegistry } from './image-key.ts';
import type { ImageSources } from './image-source.ts';

/** `tell` gets the details. */
export function discreet({ images, details }: ImageSources, tell: Tell): ImageSources {
  return {
    images: {
      imageOf(question, signal) {
        const fact = images.imageOf(question, signal);
        return fact instanceof Promise
          ? fact.then((one) => imageFor(one, question, tell))
          : imageFor(fact, question, tell);
      },
    },
    details: {
      async detailsOf(question, signal) {
        const fact = await details.detailsOf(question, signal);
        return fact.state === 'yes' ? fact : { ...fact, failure: failureFor(fact.failure, question, tell) };
      },
    },
  };
}

export type Tell = (detail: string, namespace: string) => void;

function imageFor(fact: RegistryFact<RegistryImage>, question: ImageQuestion, tell: Tell): RegistryFact<RegistryImage> {
  if (fact.state !== 'yes') return { ...fact, failure: failureFor(fact.failure, question, tell) };
  const { credential, mirror, stale } = fact.value;
  const isOwn = credential === ANONYMOUS_ATTEMPT.label || credential.startsWith(PULL_SECRET_LABEL);
  if (isOwn && mirror === undefined && stale === undefined) return fact;
  return {
    ...fact,
    value: {
      ...fact.value,
      credential: isOwn ? credential : 'a credential of the nodes',
      mirror: mirror === undefined ? undefined : `of ${shownRegistry(question.reference)}`,
      stale: stale && { ...stale, failure: failureFor(stale.failure, question, tell) },
    },
  };
}

function failureFor(failure: RegistryFailure, { reference, asker }: ImageQuestion, tell: Tell): RegistryFailure {
  const { cause, message, remedy, isPublic } = failure;
  if (isPublic) return failure;
  tell(remedy === undefined ? message : `${message}; ${remedy}`, asker?.namespace ?? '');
  return {
    ...failure,
    message: `${shownRegistry(reference)} ${WORDS[cause]} (see the log of tidewaiter)`,
    remedy: undefined,
  };
}

const WORDS: Readonly<Record<RegistryCause, string>> = {
  notFound: 'has no such image, or hides it',
  forbidden: 'does not let the image be pulled (403)',
  unauthenticated: 'accepts none of the credentials (401)',
  rateLimited: 'limits the rate (429)',
  serverError: 'is in trouble (5xx)',
  timeout: 'did not answer in time',
  dns: 'could not be looked up in DNS',
  tls: 'could not be verified (TLS)',
  unreachable: 'could not be reached',
  blocked: 'was not asked: the configuration does not allow it',
  protocol: 'gave an answer that no registry should give',
  tooMany: 'was not asked: too much is being looked up',
};

/** Names of images are what anybody writes, and each can give a text of its own. */
const MAX_TOLD = 500;
/** For the images of one namespace. */
const MAX_OF_ONE = 50;
const PERIOD_MS = 600_000;

/** Each text once in a period, not more of them than anybody reads, and so many for each namespace that none uses them up. */
export function onceInAWhile(write: (text: string) => void, now: () => number): Tell {
  const told = new Set<string>();
  const counts = new Map<string, number>();
  let untilMs = -Infinity;
  const writeEnd = (which: string): void =>
    write(`more trouble with registries${which} is not told until ${new Date(untilMs).toISOString()}`);
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
