import { quoteValue } from '../../image/quote.ts';
import { type Container, containerLabel, type Pod } from '../../pod/containers.ts';
import { readBoolean, readObjects, readString } from '../../pod/read.ts';
import { defineRule, type Problem } from '../rule.ts';
import { checkContainers, violation } from './containers.ts';

interface Parameters {
  readonly allowed?: boolean;
  readonly mounted?: boolean;
  readonly readOnly?: boolean;
}

/** `volumes[].image` (KEP-4639). Other image rules check their registry, tag, and pull policy. */
export const imageVolume = defineRule({
  name: 'image-volume',
  description: 'Image volumes are used and mounted only as the policy allows',
  docs: {
    why: 'An image volume adds files from a registry to a container but is not in the list of container images, so a review of containers misses it. Before Kubernetes 1.35, a cluster has image volumes only if the feature is enabled. The kubelet pulls an image volume even if no container mounts it.',
    remedy:
      "Copy the files into the container's image, or mount the volume in a container with readOnly: true (image volumes are always read-only).",
    example: {
      parameters: { allowed: false },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
      volumeMounts: [{name: model, mountPath: /model}]
  volumes:
    - name: model
      image: {reference: 'registry.example.com/models/m:3'}
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    hint: 'for example {mounted: true}; for details, run tidewaiter explain rule image-volume',
    properties: {
      allowed: { type: 'boolean', default: true, description: 'If false, every image volume is a violation' },
      mounted: {
        type: 'boolean',
        default: false,
        description: 'If true, a container in the Pod must mount each image volume',
      },
      readOnly: {
        type: 'boolean',
        default: false,
        description: 'If true, each mount must set readOnly: true, as image volumes are always read-only',
      },
    },
  },
  needs: [],
  prepare: ({ allowed = true, mounted = false, readOnly = false }: Parameters) => ({
    ok: true,
    value: { allowed, mounted, readOnly },
  }),
  check(subject, parameters) {
    const asksMounts = parameters.mounted || parameters.readOnly;
    const mounts = new Map<Pod, Mounts>();
    return checkContainers(subject, KINDS, (volume, pod) => {
      let ofPod = mounts.get(pod);
      if (ofPod === undefined) mounts.set(pod, (ofPod = asksMounts ? mountsOf(pod) : NO_MOUNTS));
      return volumeProblems(volume, ofPod.get(volume.name) ?? [], parameters);
    });
  },
});

const KINDS = new Set(['volume'] as const);

type Mounts = ReadonlyMap<string | undefined, readonly Mount[]>;

interface Mount {
  readonly container: Container;
  readonly pointer: string;
  readonly readOnly: boolean;
}

const NO_MOUNTS: Mounts = new Map();

function mountsOf(pod: Pod): Mounts {
  const mounts = new Map<string | undefined, Mount[]>();
  for (const container of pod.containers) {
    if (container.kind === 'volume') continue;
    for (const [index, mount] of readObjects(container.fields, 'volumeMounts', container.pointer).entries()) {
      const pointer = `${container.pointer}/volumeMounts/${index}`;
      const name = readString(mount, 'name', pointer);
      const entry = { container, pointer, readOnly: readBoolean(mount, 'readOnly', pointer) };
      const others = mounts.get(name);
      if (others === undefined) mounts.set(name, [entry]);
      else others.push(entry);
    }
  }
  return mounts;
}

function volumeProblems(
  volume: Container,
  mounts: readonly Mount[],
  { allowed, mounted, readOnly }: Required<Parameters>,
): readonly Problem[] {
  if (!allowed) {
    const message = `image ${quoteValue(volume.image.text)} is mounted as a volume, which is not allowed`;
    return [violation(volume, 'image', { message, remedy: 'copy the files into a container image' })];
  }
  const problems: Problem[] = [];
  if (mounted && mounts.length === 0) {
    const message = `image ${quoteValue(volume.image.text)} is pulled as a volume, but no container mounts it`;
    problems.push(violation(volume, '', { message, remedy: 'mount the volume, or remove it' }));
  }
  for (const mount of readOnly ? mounts : []) {
    if (mount.readOnly) continue;
    const message = `${containerLabel(mount.container)} mounts it without readOnly: true`;
    problems.push({
      state: 'violation',
      container: volume,
      pointer: `${mount.pointer}/readOnly`,
      message,
      remedy: 'set readOnly: true; image volumes are always read-only',
    });
  }
  return problems;
}
