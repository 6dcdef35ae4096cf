import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { compareTags, differenceText, ofItself } from '../compared-tags.ts';
import type { RegistryFact, RegistryFailure, RegistryImage } from '../registry-fact.ts';
import { defineRule, type Subject } from '../rule.ts';
import { checkImages, type ImageProblem, originalOf } from './images.ts';
import { type CauseOutcome, isDenied, MISSING_FACT, type ProblemText, unknownProblem } from './registry-facts.ts';

interface Parameters {
  readonly onMissing?: { readonly digest?: CauseOutcome; readonly image?: CauseOutcome };
}

const OUTCOMES = ['violation', 'unknown', 'ignore'] as const;
const NEEDS = ['originalImages', 'registryOriginals', 'registryOriginalTags', 'registryCopies'] as const;
type MirrorSubject = Subject<(typeof NEEDS)[number]>;

/** An image without another original is not at a mirror, so it is not looked up. */
export const mirrorDiffers = defineRule({
  name: 'mirror-differs',
  description: 'Images at a mirror are those of the original registry',
  docs: {
    why: 'A mirror can have an older or another image under the tag of its original, and Pods then run it. The original of an image is the name that rewrite in the policies turns into it. Without a digest, the tag must point to the same digest in both registries. With a digest, the tag does not count, because it can have moved since: the original registry must have the digest.',
    remedy:
      'Copy the original to the mirror again; tidewaiter copy --list prints what differs. If the original registry deletes images that the mirror keeps, set onMissing. If the result is unknown, onUnknown sets the action.',
    example: {
      parameters: {},
      rewrite: [{ from: 'docker.io/**', to: 'mirror.example.com/hub/**' }],
      registry: {
        'mirror.example.com/hub/library/nginx:1.27': { digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
        'docker.io/library/nginx:1.27': { digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
        'mirror.example.com/hub/library/redis:7': { digest: `sha256:${'fedcba9876543210'.repeat(4)}` },
        'docker.io/library/redis:7': { digest: `sha256:${'0123456789abcdef'.repeat(4)}` },
      },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: mirror.example.com/hub/library/nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: mirror.example.com/hub/library/redis:7
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      onMissing: {
        type: 'object',
        additionalProperties: false,
        description: 'Outcome if a registry does not have what is compared',
        properties: {
          digest: {
            enum: OUTCOMES,
            default: 'violation',
            description: 'The original registry has the tag of the image, but not its digest',
          },
          image: {
            enum: OUTCOMES,
            default: 'unknown',
            description:
              'The original registry has neither the tag nor the digest, or the mirror does not have the tag; by default, unknown because of the author',
          },
        },
        default: {},
      },
    },
  },
  needs: NEEDS,
  prepare: ({ onMissing: { digest = 'violation', image = 'unknown' } = {} }: Parameters) => ({
    ok: true,
    value: { digest, image },
  }),
  check: (subject, outcomes) =>
    checkImages(subject, (reference, container) => {
      const problem = checkImage(subject, { reference, container, outcomes });
      return problem && { ...problem, pointer: container.imagePointer };
    }),
});

interface Outcomes {
  readonly digest: CauseOutcome;
  readonly image: CauseOutcome;
}

interface CheckedImage {
  readonly reference: ImageReference;
  readonly container: Container;
  readonly outcomes: Outcomes;
}

function checkImage(
  subject: MirrorSubject,
  { reference, container, outcomes }: CheckedImage,
): Omit<ImageProblem, 'pointer'> | undefined {
  const original = originalOf(subject, container);
  if (original.state === 'unknown') {
    const message = `cannot determine the original of image ${quoteValue(reference.text)}: ${original.reason}`;
    return { state: 'unknown', causedBy: original.causedBy, message };
  }
  if (original.value.repository === reference.repository) return undefined;
  const pair: Pair = { reference, original: original.value, outcomes };
  const { registryOriginals, registryOriginalTags, registryCopies } = subject.facts;
  const { imagePointer } = container;
  const fact = registryOriginals.get(imagePointer) ?? MISSING_FACT;
  if (isDenied(fact)) return undefined;
  return reference.digest === undefined
    ? checkTag(pair, fact, registryCopies.get(imagePointer) ?? MISSING_FACT)
    : checkDigest(pair, ofItself(fact), registryOriginalTags.get(imagePointer));
}

interface Pair {
  readonly reference: ImageReference;
  readonly original: ImageReference;
  readonly outcomes: Outcomes;
}

type ImageFact = RegistryFact<RegistryImage>;

function checkTag(pair: Pair, original: ImageFact, mirror: ImageFact): ProblemText | undefined {
  const compared = compareTags({ original, mirror });
  if (compared.state === 'current') return undefined;
  if (compared.state === 'missing') return missingImage(pair, compared.failure);
  if (compared.state === 'unknown')
    return unknownProblem(topicOf(pair), { state: 'unknown', failure: compared.failure });
  return { state: 'violation', message: differenceText(namesOf(pair), compared), remedy: COPY_AGAIN };
}

function namesOf({ reference, original }: Pair): { readonly image: string; readonly original: string } {
  return { image: reference.text, original: original.text };
}

/** `tag`: the fact of the tag of the original; undefined: it was not looked up. */
function checkDigest(pair: Pair, original: ImageFact, tag: ImageFact | undefined): ProblemText | undefined {
  if (original.state === 'yes') return undefined;
  const ofTag = tag && ofItself(tag);
  // The registry has shown the repository to the same credentials, so it does not hide the digest.
  if (ofTag?.state === 'yes') return missingDigest(pair);
  if (ofTag !== undefined && ofTag.failure.cause !== 'notFound') return unknownProblem(topicOf(pair), ofTag);
  if (original.state === 'no') return missingImage(pair, original.failure);
  return unknownProblem(topicOf(pair), original);
}

function missingDigest({ reference, original, outcomes }: Pair): ProblemText | undefined {
  const why = `the registry has the tag ${quoteValue(original.tag ?? '')}, but not the digest`;
  return problemOf(outcomes.digest, {
    violation: `image ${quoteValue(reference.text)} is not in its original repository ${quoteValue(original.repository)}: ${why}`,
    unknown: `cannot determine ${topicOf({ reference })}: ${why}`,
  });
}

/** `failure`: of the lookup that found nothing. */
function missingImage({ reference, original, outcomes }: Pair, failure: RegistryFailure): ProblemText | undefined {
  const names = `image ${quoteValue(reference.text)} cannot be compared with its original ${quoteValue(original.repository)}`;
  return problemOf(outcomes.image, {
    violation: `${names}: ${failure.message}`,
    unknown: `cannot determine ${topicOf({ reference })}: ${failure.message}`,
  });
}

/** The author of the object chooses the tag and the digest. */
function problemOf(
  outcome: CauseOutcome,
  { violation, unknown }: { readonly violation: string; readonly unknown: string },
): ProblemText | undefined {
  if (outcome === 'ignore') return undefined;
  if (outcome === 'violation') return { state: 'violation', message: violation, remedy: COPY_AGAIN };
  return { state: 'unknown', causedBy: 'author', message: unknown, remedy: USE_OTHER };
}

/** Without the original, so that an outage of its registry is one line for all images. */
function topicOf({ reference }: Pick<Pair, 'reference'>): string {
  return `whether the original of image ${quoteValue(reference.text)} is the same`;
}

const COPY_AGAIN = 'copy the original to the mirror again; tidewaiter copy --list prints what differs';
const USE_OTHER = 'use an image that the original registry has';
