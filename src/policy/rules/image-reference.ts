import { quoteValue } from '../../image/quote.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';

/** Parses images as container runtimes do, and also rejects registries that cannot exist. */
export const imageReference = defineRule({
  name: 'image-reference',
  description: 'Images are valid references for container runtimes',
  docs: {
    why: 'An invalid reference fails with InvalidImageName on the node, after the API server accepted the object.',
    remedy:
      'Use the form [registry/]name[:tag][@sha256:digest]; only the host can have uppercase letters, and it cannot have underscores.',
    example: {
      parameters: {},
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
      image: registry.example.com/Shop/web:7
`,
    },
  },
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  imagesOnly: true,
  prepare: () => ({ ok: true, value: undefined }),
  check: (subject) =>
    checkImages(subject, (reference, container) => {
      // The reference grammar accepts it as a path without a domain, but no runtime can pull it.
      if (reference.domain !== '') return undefined;
      const host = reference.path.slice(0, reference.path.indexOf('/'));
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(reference.text)} names no registry: ${quoteValue(host)} is not a host name`,
        remedy: 'use letters, digits, inner hyphens, and dots in a host, and a port after ":"',
      };
    }),
});
