import { splitReference } from '../../image/grammar.ts';
import { quoteValue } from '../../image/quote.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';

/** A host or a path may be of any length, and nobody reads a remedy that is. */
const MAX_SHOWN = 300;

/** The image says from which registry it comes. */
export const imageQualified = defineRule({
  name: 'image-qualified',
  description: 'Images name their registry instead of leaving it to the node',
  docs: {
    why: 'A name without a registry means Docker Hub to Kubernetes and to most nodes, but a runtime can be configured to look in other registries first, or to refuse it. What was meant, and who pays for its rate limit, cannot be seen.',
    remedy: 'Write the registry: docker.io/library/nginx instead of nginx.',
    example: {
      parameters: {},
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: docker.io/library/nginx:1.27
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
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  imagesOnly: true,
  prepare: () => ({ ok: true, value: undefined }),
  check: (subject) =>
    checkImages(subject, (reference, container) => {
      const { text } = reference;
      const written = splitReference(text);
      if (written.host !== undefined) return undefined;
      const full = `${reference.repository}${text.slice(written.name.length)}`;
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(text)} does not name its registry`,
        remedy:
          full.length <= MAX_SHOWN ? `write ${full} if Docker Hub is meant` : 'write the registry before the name',
      };
    }),
});
