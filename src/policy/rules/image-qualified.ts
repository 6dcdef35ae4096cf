import { splitReference } from '../../image/grammar.ts';
import { quoteValue } from '../../image/quote.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';

/** Characters. Hosts and paths have no limit, and a remedy must stay readable. */
const MAX_SHOWN = 300;

export const imageQualified = defineRule({
  name: 'image-qualified',
  description: 'Images specify a registry',
  docs: {
    why: "Kubernetes and most nodes resolve a name without a registry to Docker Hub, but a runtime can be configured to search other registries first or to reject the name. The manifest doesn't show which registry is intended or whose rate limit applies.",
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
        message: `image ${quoteValue(text)} does not specify a registry`,
        remedy: full.length <= MAX_SHOWN ? `use ${full} to pull from Docker Hub` : 'add the registry before the name',
      };
    }),
});
