import { quoteValue } from '../../image/quote.ts';
import { defineRule } from '../rule.ts';
import { judgeImages } from './images.ts';

/** The image can be read as the container runtimes read it, and names a registry that can exist. */
export const imageReference = defineRule({
  name: 'image-reference',
  description: 'Every image is a valid reference, as the container runtimes read it',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  prepare: () => ({ ok: true, value: undefined }),
  check: (subject) =>
    judgeImages(subject, (reference, container) => {
      // Accepted by the reference grammar as a path without a domain; no runtime can pull it.
      if (reference.domain !== '') return undefined;
      const host = reference.path.slice(0, reference.path.indexOf('/'));
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(reference.text)} names no registry: ${quoteValue(host)} is not a host name`,
        remedy: 'a host has letters, digits, inner hyphens and dots, and a port after ":"',
      };
    }),
});
