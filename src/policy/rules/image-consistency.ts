import { hostKey } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import { type Container, containerLabel } from '../../pod/containers.ts';
import { defineRule, type Problem } from '../rule.ts';
import { inScope } from './containers.ts';
import { unreadable } from './images.ts';

/** Does not compare images outside of pod specs, because they do not belong to one Pod. */
export const imageConsistency = defineRule({
  name: 'image-consistency',
  description: 'Containers in a Pod that share a repository use the same version',
  docs: {
    why: 'A migration init container and its server usually come from one repository. If a change updates only one of them, the Pod runs versions that were not tested together.',
    remedy: 'Give all containers in the Pod that use the repository the same tag or digest.',
    example: {
      parameters: {},
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: migrate
      image: registry.example.com/shop/web:7
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: migrate
      image: registry.example.com/shop/web:6
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
    },
  },
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  prepare: () => ({ ok: true, value: undefined }),
  check(subject) {
    const problems: Problem[] = [];
    const isInScope = inScope(subject);
    for (const pod of subject.pods) {
      const first = new Map<string, FirstUse>();
      for (const container of pod.containers) {
        const problem = isInScope(container) ? compareVersion(container, first) : undefined;
        if (problem !== undefined) problems.push(problem);
      }
    }
    return problems;
  },
});

interface FirstUse {
  readonly container: Container;
  readonly reference: ImageReference;
}

function compareVersion(container: Container, first: Map<string, FirstUse>): Problem | undefined {
  const { image, imagePointer: pointer } = container;
  if (image.state !== 'parsed') return unreadable(container);
  const { reference } = image;
  const repository = `${hostKey(reference.domain)}/${reference.path}`;
  const other = first.get(repository);
  if (other === undefined) {
    first.set(repository, { container, reference });
    return undefined;
  }
  const same = sameVersion(reference, other.reference);
  if (same === 'yes') return undefined;
  const both = `${quoteValue(other.reference.text)} of ${containerLabel(other.container)}`;
  const message =
    same === 'no'
      ? `image ${quoteValue(reference.text)} differs in version from ${both}`
      : `cannot determine whether image ${quoteValue(reference.text)} is the same version as ${both}: one has only a tag, one only a digest`;
  const remedy = `use the same version of ${quoteValue(reference.repository)} throughout the Pod`;
  return { state: same === 'no' ? 'violation' : 'unknown', container, pointer, message, remedy };
}

/** Compares digests if both images have one, otherwise tags. */
function sameVersion(left: ImageReference, right: ImageReference): 'yes' | 'no' | 'unknown' {
  if (left.digest !== undefined && right.digest !== undefined) return left.digest === right.digest ? 'yes' : 'no';
  const tags = [left.effectiveTag, right.effectiveTag];
  if (tags.includes(undefined)) return 'unknown';
  return tags[0] === tags[1] ? 'yes' : 'no';
}
