import type { PatternSet } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import { trusted } from '../../image/trusted.ts';
import { defineRule, type Problem } from '../rule.ts';
import { checkImages } from './images.ts';
import { PATTERN_LIST, patternsOf } from './patterns.ts';
import { proven } from './pull-secret-proof.ts';
import { type Ring, ringMaker } from './pull-secret-rings.ts';
import {
  byContainer,
  type Doubt,
  looseImage,
  type PodSecrets,
  podsOf,
  secretLabel,
  secretPointers,
} from './pull-secrets.ts';
import type { ProblemText } from './registry-facts.ts';

interface Parameters {
  readonly images?: readonly string[];
  readonly public?: readonly string[];
  readonly nodeCredentials?: readonly string[];
  readonly prove?: boolean;
}

interface Lists {
  readonly images: PatternSet | undefined;
  readonly public: PatternSet | undefined;
  /** `undefined`: the policy does not declare which images the nodes can pull. */
  readonly nodeCredentials: PatternSet | undefined;
  readonly prove: boolean;
}

/** Nodes can have credentials that no webhook sees (KEP-4412), so without `nodeCredentials` a missing match is unknown. */
export const pullSecretCoverage = defineRule({
  name: 'pull-secret-coverage',
  description: "A credential matches each private image, by the kubelet's rules",
  docs: {
    why: "A pull secret for another registry, or with an address in a form that the kubelet doesn't match, has no effect: the Pod waits in ImagePullBackOff. An expired password has the same result; set prove to test credentials against the registry.",
    remedy: "Add an entry for the image's registry to a pull secret, or use an image that a credential matches.",
    example: {
      parameters: { images: ['registry.example.com/**'], nodeCredentials: [] },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: regcred}]
  containers:
    - name: web
      image: registry.example.com/shop/web:7
---
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: |
    {"auths": {"https://registry.example.com": {"username": "ci", "password": "example"}}}
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: regcred}]
  containers:
    - name: web
      image: registry.example.com/shop/web:7
---
apiVersion: v1
kind: Secret
metadata: {name: regcred}
type: kubernetes.io/dockerconfigjson
stringData:
  # "*." requires one more label: the entry matches a.registry.example.com, not registry.example.com
  .dockerconfigjson: |
    {"auths": {"*.registry.example.com": {"username": "ci", "password": "example"}}}
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      images: { ...PATTERN_LIST, description: 'Image patterns; these images are private (default: all)' },
      public: {
        ...PATTERN_LIST,
        description: 'Image patterns; these images need no credential, even if the parameter images matches them',
      },
      nodeCredentials: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        description:
          'Image patterns that the nodes have credentials for; [] if they have none. If omitted, an image without a matching credential is unknown instead of a violation. The configuration key nodeCredentials is a different setting',
      },
      prove: {
        type: 'boolean',
        default: false,
        description: 'Also check that the registry accepts one of the matching credentials',
      },
    },
  },
  needs: ['pullSecrets', 'registryImages'],
  needsOf: ({ prove }) => (prove ? ['pullSecrets', 'registryImages'] : ['pullSecrets']),
  asksAbout({ containers, pods }, lists) {
    // The pull secrets of images outside of pod specs are unknown, so their credentials cannot be tested.
    const inPods = new Set(pods.flatMap((pod) => pod.containers));
    return containers.filter(
      (container) =>
        inPods.has(container) && container.image.state === 'parsed' && isPrivate(container.image.reference, lists),
    );
  },
  prepare({ images, public: open, nodeCredentials, prove = false }: Parameters) {
    const lists = {
      images: patternsOf('images', images),
      public: patternsOf('public', open),
      nodeCredentials: patternsOf('nodeCredentials', nodeCredentials),
    };
    const faults = Object.values(lists).flatMap((list) => (list.ok ? [] : list.faults));
    const given = (list: (typeof lists)['images']): PatternSet | undefined => (list.ok ? list.value : undefined);
    if (faults.length > 0) return { ok: false, faults };
    const value: Lists = {
      images: given(lists.images),
      public: given(lists.public),
      nodeCredentials: given(lists.nodeCredentials),
      prove,
    };
    return { ok: true, value };
  },
  check(subject, lists) {
    const pods = podsOf(subject);
    const ringOf = ringMaker();
    const reported = new Set<string>();
    const malformed = pods.flatMap((pod) => malformedIn(pod, ringOf(pod.pullSecrets), reported));
    const podOf = byContainer(pods);
    const images = checkImages(subject, (reference, container) => {
      if (!isPrivate(reference, lists)) return undefined;
      const pointer = container.imagePointer;
      const pod = podOf.get(container);
      if (pod === undefined) return looseImage(quoteValue(reference.text), pointer);
      const ring = ringOf(pod.pullSecrets);
      const unproven = checkCoverage(reference, pod, { ring, lists });
      if (!lists.prove || pod.pullSecrets.from === 'node') return unproven && { ...unproven, pointer };
      const fact = subject.facts.registryImages.get(pointer);
      const problem = proven(unproven, fact, { reference, ring, nodesHaveNone: lists.nodeCredentials !== undefined });
      return problem && { ...problem, pointer };
    });
    return [...malformed, ...images];
  },
});

function isPrivate(reference: ImageReference, { images, public: open, nodeCredentials }: Lists): boolean {
  if (images !== undefined && images.match(reference) === undefined) return false;
  return [open, nodeCredentials].every((list) => list === undefined || trusted(list, reference) === undefined);
}

/** A malformed Secret disables the whole keyring. Reports it once for the object, not for each image. */
function malformedIn(pod: PodSecrets, ring: Ring, reported: Set<string>): readonly Problem[] {
  if (ring.state !== 'malformed') return [];
  const unreported = ring.secrets.filter(({ name }) => !reported.has(name));
  if (unreported.length === 0) return [];
  const pointerTo = secretPointers(pod);
  for (const { name } of unreported) reported.add(name);
  return unreported.map(({ name, key, faults }) => ({
    state: 'violation',
    container: undefined,
    pointer: pointerTo(name),
    message: `${secretLabel(name, key)}: ${faults[0]}; the kubelet pulls no images for this Pod`,
    remedy: 'fix the Secret, or remove it from imagePullSecrets; one malformed Secret disables all of them',
  }));
}

const TOO_MANY: Doubt = { reason: "the Pod's pull secrets have too many host patterns to compare", causedBy: 'author' };

function checkCoverage(
  reference: ImageReference,
  { pullSecrets }: PodSecrets,
  { ring, lists }: { readonly ring: Ring; readonly lists: Lists },
): ProblemText | undefined {
  // The node pulls images of a mirror pod, which cannot have pull secrets.
  if (ring.state === 'malformed' || pullSecrets.from === 'node') return undefined;
  const coverage = ring.state === 'unknown' ? undefined : ring.coverageOf(reference);
  if (coverage === 'covered') return undefined;
  // Quoted late: most images are covered, and quoting costs as much as the lookup.
  const image = quoteValue(reference.text);
  const doubt = `cannot determine whether a pull secret matches image ${image}`;
  const why = coverage === 'too-many' ? TOO_MANY : ring.doubt;
  if (why !== undefined) return { state: 'unknown', causedBy: why.causedBy, message: `${doubt}: ${why.reason}` };
  if (ring.state === 'unknown') return undefined;
  const nothing =
    coverage === 'empty'
      ? `only entries without a user name match image ${image}, so the kubelet pulls it anonymously`
      : `no credential matches image ${image}: ${ring.summary()}`;
  if (lists.nodeCredentials !== undefined)
    return { state: 'violation', message: nothing, remedy: ring.remedy(reference) };
  const remedy = `${ring.remedy(reference)}, or list in nodeCredentials what nodes can pull`;
  return { state: 'unknown', message: `${nothing} (nodes may have their own credentials)`, remedy };
}
