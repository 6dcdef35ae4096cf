import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, isPinned } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { PULL_POLICY_KEY } from '../../pod/file-kinds.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';

interface Parameters {
  readonly when?: 'latest' | 'mutable' | 'all';
}

export const imagePullPolicy = defineRule({
  name: 'image-pull-policy',
  description: 'Images that can change use imagePullPolicy: Always',
  docs: {
    why: 'With IfNotPresent or Never, a node keeps the image it already has. After a tag moves, nodes run different builds.',
    remedy: 'Set imagePullPolicy: Always, or pin the image to a digest.',
    example: {
      parameters: { when: 'mutable' },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      imagePullPolicy: Always
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
      when: {
        enum: ['latest', 'mutable', 'all'],
        default: 'mutable',
        description: 'Images that must use Always: latest (tag latest), mutable (no digest), or all',
      },
    },
  },
  needs: [],
  composeFiles: true,
  prepare: ({ when = 'mutable' }: Parameters) => ({ ok: true, value: when }),
  check: (subject, when) =>
    checkImages(subject, (reference, container) => {
      const policy = container.pullPolicy;
      const field = fieldOf(container);
      const always = field === PULL_POLICY_KEY ? 'always' : 'Always';
      if (policy === undefined || policy === always || !concerns(reference, when)) return undefined;
      const image = `image ${quoteValue(reference.text)}`;
      return {
        pointer: container.pullPolicyPointer,
        message: isPinned(reference)
          ? `${image} has ${field} ${quoteValue(policy)}`
          : `${image} can change, but its ${field} is ${quoteValue(policy)}, so ${field === PULL_POLICY_KEY ? 'hosts' : 'nodes'} can run different builds`,
        remedy: `set ${field}: ${always}${isPinned(reference) ? '' : ', or pin the image to a digest'}`,
      };
    }),
});

/** `imagePullPolicy`, `pullPolicy` of an image volume, or `pull_policy` of a service in a Compose file. */
function fieldOf({ pullPolicyPointer }: Container): string {
  return pullPolicyPointer.slice(pullPolicyPointer.lastIndexOf('/') + 1);
}

function concerns(reference: ImageReference, when: 'latest' | 'mutable' | 'all'): boolean {
  if (when === 'all') return true;
  return when === 'latest' ? reference.effectiveTag === 'latest' && !isPinned(reference) : !isPinned(reference);
}
