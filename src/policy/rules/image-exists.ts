import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, isPinned } from '../../image/reference.ts';
import type { RegistryCause, RegistryFailure } from '../registry-fact.ts';
import { defineRule } from '../rule.ts';
import {
  checkRegistryFacts,
  type OnCause,
  onCauseSchema,
  type ProblemText,
  unknownProblem,
  problemWithRemedy,
  type CauseOutcome,
} from './registry-facts.ts';

interface Parameters {
  readonly onCause?: OnCause;
}

/** Only `notFound` is certain: nodes can have credentials that tidewaiter does not have (KEP-4412). */
const DEFAULTS: Readonly<Record<RegistryCause, CauseOutcome>> = {
  notFound: 'violation',
  forbidden: 'unknown',
  unauthenticated: 'unknown',
  rateLimited: 'unknown',
  serverError: 'unknown',
  timeout: 'unknown',
  dns: 'unknown',
  tls: 'unknown',
  unreachable: 'unknown',
  blocked: 'unknown',
  protocol: 'unknown',
  tooMany: 'unknown',
};

/** Looks up a pinned image by its digest, because container runtimes ignore the tag. */
export const imageExists = defineRule({
  name: 'image-exists',
  description: "The image exists and can be pulled with the Pod's credentials",
  docs: {
    why: 'Otherwise the node discovers that a tag was never pushed or that a cleanup deleted a digest: the Pod waits in ImagePullBackOff, and a rollout stops halfway.',
    remedy:
      'Push the image, or use one that exists. If the registry rejects the credentials, give the Pod a credential that it accepts. If the result is unknown, onUnknown sets the action; onCause overrides the outcome by cause.',
    example: {
      parameters: { onCause: { forbidden: 'violation', rateLimited: 'ignore' } },
      registry: {
        'registry.example.com/shop/web:7': { digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
        'registry.example.com/shop/web:8': { cause: 'notFound', message: 'registry.example.com has no such tag' },
      },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: registry.example.com/shop/web:8
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: { onCause: onCauseSchema(DEFAULTS) },
  },
  needs: ['registryImages'],
  prepare: ({ onCause = {} }: Parameters) => ({ ok: true, value: { ...DEFAULTS, ...onCause } }),
  check: (subject, outcomes) =>
    checkRegistryFacts({ subject, facts: subject.facts.registryImages }, (fact, reference) => {
      if (fact.state === 'yes') return undefined;
      const outcome = outcomes[fact.failure.cause];
      if (outcome === 'ignore') return undefined;
      // An unknown `notFound` comes from a registry that can hide private images.
      const isHidden = fact.failure.cause === 'notFound' && fact.state === 'unknown';
      if (outcome === 'violation' && !isHidden) return violation(reference, fact.failure);
      return unknownProblem(`whether image ${quoteValue(reference.text)} can be pulled`, fact);
    }),
});

function violation(reference: ImageReference, { cause, message, remedy }: RegistryFailure): ProblemText {
  const image = `image ${quoteValue(reference.text)}`;
  if (cause !== 'notFound') {
    return problemWithRemedy({ state: 'violation', message: `${image} cannot be pulled: ${message}` }, remedy);
  }
  if (!isPinned(reference)) {
    const advice = remedy ?? 'push the image, or use a tag that exists';
    return { state: 'violation', message: `${image} does not exist: ${message}`, remedy: advice };
  }
  const advice = remedy ?? 'pin the current digest of the tag: tidewaiter pin --update FILE';
  return { state: 'violation', message: `the digest of ${image} no longer exists: ${message}`, remedy: advice };
}
