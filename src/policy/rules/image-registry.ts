import type { PatternSet } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import { isBesideDockerHub, trusted } from '../../image/trusted.ts';
import { defineRule } from '../rule.ts';
import { checkImages, shortList } from './images.ts';
import { PATTERN_LIST, patternsOf } from './patterns.ts';

interface Parameters {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

interface Lists {
  readonly allow: PatternSet | undefined;
  readonly deny: PatternSet | undefined;
  readonly allowed: string;
}

/** `deny` overrides `allow`. */
export const imageRegistry = defineRule({
  name: 'image-registry',
  description: 'Images come only from allowed registries and repositories',
  docs: {
    why: 'Anyone who can create a Pod chooses where its code comes from. An allow list leaves that choice to the team responsible for the cluster.',
    remedy: 'Use an image that an allowed pattern matches, or add a pattern to the list.',
    example: {
      parameters: { allow: ['registry.example.com/**'] },
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
      image: registry.example.com.evil.io/shop/web:7
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    hint: 'for example {allow: [registry.example.com/**]}; for details, run tidewaiter explain rule image-registry',
    properties: {
      allow: { ...PATTERN_LIST, description: 'Image patterns; an image that matches none of them is a violation' },
      deny: { ...PATTERN_LIST, description: 'Image patterns; an image that matches one of them is a violation' },
    },
  },
  needs: [],
  imagesOnly: true,
  prepare({ allow, deny }: Parameters) {
    const allowed = patternsOf('allow', allow);
    const denied = patternsOf('deny', deny);
    if (!allowed.ok || !denied.ok) {
      return { ok: false, faults: [allowed, denied].flatMap((list) => (list.ok ? [] : list.faults)) };
    }
    const value: Lists = { allow: allowed.value, deny: denied.value, allowed: shortList(allow ?? []) };
    return { ok: true, value };
  },
  check: (subject, { allow, deny, allowed }) =>
    checkImages(subject, (reference, container) => {
      const pointer = container.imagePointer;
      const denied = deny?.match(reference);
      if (denied !== undefined) {
        const message = `image ${quoteValue(reference.text)} matches a denied pattern`;
        return { pointer, message, remedy: `denied: ${denied.text}` };
      }
      if (allow === undefined || trusted(allow, reference) !== undefined) return undefined;
      const message = `image ${quoteValue(reference.text)} is not from an allowed registry`;
      if (!isBesideDockerHub(reference)) return { pointer, message, remedy: `allowed: ${allowed}` };
      const why = `nodes pull it from the host ${quoteValue(reference.domain, 40)}, which is not Docker Hub`;
      return { pointer, message: `${message}: ${why}`, remedy: `use "docker.io"; allowed: ${allowed}` };
    }),
});
