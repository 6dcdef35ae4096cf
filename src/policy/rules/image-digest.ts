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
  docs: {
    why: 'A tag can be moved, so two nodes can run different builds under one name. A digest is the image.',
    remedy: 'Pin the image: name:tag@sha256:digest keeps the tag readable.',
    example: {
      parameters: {},
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
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  imagesOnly: true,
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
