import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, isPinned } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { RegistryFact, RegistryImage } from '../registry-fact.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';
import { checkRegistryFacts, type ProblemText, unknownProblem } from './registry-facts.ts';

/** Characters. The message has the image, and a remedy must stay readable. */
const MAX_SHOWN = 40;

export const imageDigest = defineRule({
  name: 'image-digest',
  description: 'Images are pinned by digest',
  docs: {
    why: 'A tag can move, so two nodes can run different builds of one reference. A digest identifies exactly one image. With drift, the rule also reports a tag that no longer points to the pinned digest: a newer build is available.',
    remedy:
      'Pin the image: name:tag@sha256:digest keeps the tag readable. If the tag has moved, update the digest; to keep the pinned build, add an ImagePolicyException or remove drift.',
    example: {
      parameters: { drift: true },
      registry: { 'nginx:1.27': { digest: `sha256:${'0123456789abcdef'.repeat(4)}` } },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      drift: {
        type: 'boolean',
        default: false,
        description: 'Also check with the registry that the tag next to a digest still points to that digest',
      },
    },
  },
  needs: ['registryTags'],
  needsOf: ({ drift }) => (drift ? ['registryTags'] : []),
  asksAbout: ({ containers }) => containers.filter(hasBoth),
  imagesOnly: true,
  check(subject, { drift }) {
    const unpinned = checkImages(subject, (reference, container) => {
      if (isPinned(reference)) return undefined;
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(reference.text)} has no digest, so its content can change`,
        remedy: pinRemedy(reference),
      };
    });
    if (!drift) return unpinned;
    const tagged = { containers: subject.containers.filter(hasBoth) };
    return [...unpinned, ...checkRegistryFacts({ subject: tagged, facts: subject.facts.registryTags }, checkDrift)];
  },
});

/** Names no `latest`: most policies deny that tag. */
function pinRemedy({ text, effectiveTag }: ImageReference): string {
  if (effectiveTag === 'latest' || text.length > MAX_SHOWN)
    return 'pin the image; tidewaiter pin FILE --write adds the digest';
  return `pin the image: ${text}@sha256:… (tidewaiter pin FILE --write adds the digest)`;
}

function hasBoth({ image }: Container): boolean {
  return image.state === 'parsed' && image.reference.tag !== undefined && image.reference.digest !== undefined;
}

function checkDrift(fact: RegistryFact<RegistryImage>, reference: ImageReference): ProblemText | undefined {
  const { text, tag = '', digest = '' } = reference;
  const image = `image ${quoteValue(text)}`;
  const topic = `whether the tag of ${image} still points to its digest`;
  if (fact.state === 'no') {
    const message = `${image} is pinned, but tag ${quoteValue(tag)} no longer exists: ${fact.failure.message}`;
    return { state: 'violation', message, remedy: fact.failure.remedy ?? UPDATE };
  }
  if (fact.state === 'unknown') return unknownProblem(topic, fact);
  const { digest: current, stale } = fact.value;
  if (stale !== undefined) {
    const { failure } = stale;
    const message = `the cached digest is old: ${failure.message}`;
    return unknownProblem(topic, { state: 'unknown', failure: { ...failure, message } });
  }
  if (current === digest) return undefined;
  const [algorithm] = digest.split(':', 1);
  if (!current.startsWith(`${algorithm}:`)) {
    return { state: 'unknown', message: `cannot determine ${topic}: the registry returned ${current}` };
  }
  const message = `${image} is pinned to ${digest}, but tag ${quoteValue(tag)} now points to ${current}`;
  return { state: 'violation', message, remedy: UPDATE };
}

const UPDATE = 'to use the newer build, run tidewaiter pin --update FILE';
