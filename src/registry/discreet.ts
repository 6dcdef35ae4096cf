/**
 * What tenants are told of registries. A failure can name files and programs of nodes, their users, mirrors, and hosts and
 * addresses that only the inside of a network knows: what is not known to be for all goes to the log of the operator.
 */
import type { ImageQuestion } from '../admission/context.ts';
import type { RegistryCause, RegistryFact, RegistryFailure, RegistryImage } from '../policy/registry-fact.ts';
import { AS_NOBODY, OF_SECRET } from './attempts.ts';
import { shownRegistry } from './image-key.ts';
import type { ImageSources } from './image-source.ts';

/** `tell` gets the details, each once in a while. */
export function discreet({ images, details }: ImageSources, tell: (detail: string) => void): ImageSources {
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

type Tell = (detail: string) => void;

function imageFor(fact: RegistryFact<RegistryImage>, question: ImageQuestion, tell: Tell): RegistryFact<RegistryImage> {
  if (fact.state !== 'yes') return { ...fact, failure: failureFor(fact.failure, question, tell) };
  const { credential, mirror, stale } = fact.value;
  const isOwn = credential === AS_NOBODY.label || credential.startsWith(OF_SECRET);
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

function failureFor(failure: RegistryFailure, { reference }: ImageQuestion, tell: Tell): RegistryFailure {
  const { cause, message, remedy, isPublic } = failure;
  if (isPublic) return failure;
  tell(remedy === undefined ? message : `${message}; ${remedy}`);
  return {
    ...failure,
    message: `${shownRegistry(reference)} ${WORDS[cause]} (see the log of tidewaiter)`,
    remedy: undefined,
  };
}

const WORDS: Readonly<Record<RegistryCause, string>> = {
  notFound: 'has no such image, or hides it',
  denied: 'does not let the image be pulled (403)',
  unauthenticated: 'accepts none of the credentials (401)',
  rateLimited: 'limits the rate (429)',
  serverError: 'is in trouble (5xx)',
  timeout: 'did not answer in time',
  dns: 'could not be looked up in DNS',
  tls: 'could not be verified (TLS)',
  unreachable: 'could not be reached',
  refused: 'was not asked: the configuration does not allow it',
  protocol: 'gave an answer that no registry should give',
  tooMany: 'was not asked: too much is being looked up',
};

/** Names of images are what anybody writes, and each can give a text of its own. */
const MAX_TOLD = 500;
const PERIOD_MS = 600_000;

/** Each text once in a period, and not more of them than anybody reads. */
export function onceInAWhile(tell: Tell, now: () => number): Tell {
  const told = new Set<string>();
  let untilMs = -Infinity;
  return (text) => {
    if (now() >= untilMs) {
      told.clear();
      untilMs = now() + PERIOD_MS;
    }
    if (told.has(text) || told.size >= MAX_TOLD) return;
    told.add(text);
    tell(text);
  };
}
