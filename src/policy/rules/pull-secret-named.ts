import type { PatternSet } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import { trusted } from '../../image/trusted.ts';
import type { Problem } from '../rule.ts';
import { defineRule } from '../rule.ts';
import { checkImages } from './images.ts';
import { PATTERN_LIST, patternsOf } from './patterns.ts';
import { byContainer, doubtAbout, looseImage, type PodSecrets, podsOf } from './pull-secrets.ts';

interface Parameters {
  readonly images?: readonly string[];
  readonly except?: readonly string[];
}

interface Lists {
  readonly images: PatternSet | undefined;
  readonly except: PatternSet | undefined;
}

/** Checks only that a pull secret exists in the list; pull-secret-usable and pull-secret-coverage check its contents. */
export const pullSecretNamed = defineRule({
  name: 'pull-secret-named',
  description: 'Images that require a credential have a pull secret on the Pod or its ServiceAccount',
  docs: {
    why: "Without a pull secret, the kubelet pulls anonymously: a private image fails with ErrImagePull, and a public image shares the node's rate limit.",
    remedy: 'Add a Secret to imagePullSecrets of the Pod or its ServiceAccount.',
    example: {
      parameters: { images: ['registry.example.com/**'] },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: regcred}]
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
      fail: `apiVersion: v1
kind: ServiceAccount
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  serviceAccountName: shop
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      images: { ...PATTERN_LIST, description: 'Image patterns; these images need a pull secret (default: all)' },
      except: { ...PATTERN_LIST, description: 'Image patterns; these images need no pull secret' },
    },
  },
  needs: ['pullSecrets'],
  prepare({ images, except }: Parameters) {
    const included = patternsOf('images', images);
    const excluded = patternsOf('except', except);
    if (!included.ok || !excluded.ok) {
      return { ok: false, faults: [included, excluded].flatMap((list) => (list.ok ? [] : list.faults)) };
    }
    const value: Lists = { images: included.value, except: excluded.value };
    return { ok: true, value };
  },
  check(subject, { images, except }) {
    const pods = byContainer(podsOf(subject));
    return checkImages(subject, (reference, container) => {
      if (images !== undefined && images.match(reference) === undefined) return undefined;
      if (except !== undefined && trusted(except, reference) !== undefined) return undefined;
      const pod = pods.get(container);
      if (pod === undefined) return looseImage(quoteValue(reference.text), container.imagePointer);
      return checkPod(reference.text, pod);
    });
  },
});

function checkPod(text: string, { pod, pullSecrets }: PodSecrets): Omit<Problem, 'container'> | undefined {
  const { from, secrets, serviceAccount } = pullSecrets;
  const pointer = `${pod.pointer}/imagePullSecrets`;
  // A mirror pod cannot have pull secrets.
  if (from === 'node' || (secrets.state === 'yes' && secrets.value.length > 0)) return undefined;
  const image = quoteValue(text);
  const doubt = doubtAbout(pullSecrets);
  if (doubt !== undefined) {
    const { reason, causedBy } = doubt;
    const message = `cannot determine whether image ${image} has a pull secret: ${reason}`;
    return { state: 'unknown', causedBy, pointer, message };
  }
  const who =
    from === 'pod' ? 'the Pod has none' : `neither the Pod nor ServiceAccount ${quoteValue(serviceAccount)} has one`;
  return {
    state: 'violation',
    pointer,
    message: `image ${image} requires a pull secret, but ${who}`,
    remedy: 'add a Secret to imagePullSecrets of the Pod or its ServiceAccount',
  };
}
