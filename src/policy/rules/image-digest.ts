import { quoteValue } from '../../image/quote.ts';
import { effectiveTag, isPinned } from '../../image/reference.ts';
import { defineRule } from '../rule.ts';
import { judgeImages } from './images.ts';

/** A host may be of any length, and nobody reads a remedy that is. */
const MAX_SHOWN = 500;

/** The image is pinned: a digest never drifts and a tag does. */
export const imageDigest = defineRule({
  name: 'image-digest',
  description: 'Images are pinned by digest',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  prepare: () => ({ ok: true, value: undefined }),
  check: (subject) =>
    judgeImages(subject, (reference, container) => {
      if (isPinned(reference)) return undefined;
      const tagged = reference.tag === undefined ? `${reference.text}:${effectiveTag(reference)}` : reference.text;
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(reference.text)} has no digest, so it can change under you`,
        remedy: `pin it: ${tagged.length <= MAX_SHOWN ? tagged : 'name'}@sha256:…`,
      };
    }),
});
