/** The platforms that an image must be built for: those of the nodes that its Pod can run on, if the Pod or the policy names them. */
import type { Container } from '../../pod/containers.ts';
import { nodePlatformsOf, type NodePlatforms } from '../../pod/node-platforms.ts';
import type { Platform } from '../registry-fact.ts';
import type { Subject } from '../rule.ts';

export interface RequiredPlatforms {
  readonly platforms: readonly Platform[];
  readonly tooMany: boolean;
}

/** Bounds the work: an object can name any number of platforms. */
const MAX_PLATFORMS = 16;
export const TOO_MANY = `the Pod selects more than ${MAX_PLATFORMS} platforms`;

/** The function returns `undefined` for an image without required platforms. Images outside of pod specs need all `nodes`. */
export function requiredPlatforms(
  { pods }: Pick<Subject, 'pods'>,
  nodes: readonly Platform[],
): (container: Container) => RequiredPlatforms | undefined {
  const byContainer = new Map<Container, RequiredPlatforms | undefined>();
  for (const pod of pods) {
    const ofPod = platformsOfPod(nodePlatformsOf(pod), nodes);
    for (const container of pod.containers) byContainer.set(container, ofPod);
  }
  const loose = nodes.length === 0 ? undefined : { platforms: nodes, tooMany: false };
  return (container) => (byContainer.has(container) ? byContainer.get(container) : loose);
}

/** Uses the platforms that the Pod selects if it cannot run on any of `nodes`. */
function platformsOfPod(pod: NodePlatforms, nodes: readonly Platform[]): RequiredPlatforms | undefined {
  const known = nodes.filter(({ os, architecture }) => pod.admits(os, architecture));
  if (known.length > 0) return { platforms: known, tooMany: false };
  const { os: systems, architecture: architectures } = pod.named;
  if (systems.length * Math.max(1, architectures.length) > MAX_PLATFORMS || architectures.length > MAX_PLATFORMS) {
    return { platforms: [], tooMany: true };
  }
  const own = admitted(pod, systems, architectures.length === 0 ? [ANY] : architectures);
  const platforms = own.length > 0 || architectures.length === 0 ? own : admitted(pod, ['linux'], architectures);
  return platforms.length === 0 ? undefined : { platforms, tooMany: false };
}

function admitted(
  { admits }: NodePlatforms,
  systems: readonly string[],
  architectures: readonly string[],
): readonly Platform[] {
  return systems.flatMap((os) =>
    architectures.flatMap((architecture) =>
      admits(os, architecture) ? [{ os, architecture, variant: undefined }] : [],
    ),
  );
}

/** The architecture if the Pod selects only an operating system. Not a valid architecture name. */
export const ANY = '*';
