/** For which platforms an image has to be made: those of the nodes that its Pod can run on, as far as somebody names them. */
import type { Container } from '../../pod/containers.ts';
import { nodePlatformsOf, type NodePlatforms } from '../../pod/node-platforms.ts';
import type { Platform } from '../registry-fact.ts';
import type { Subject } from '../rule.ts';

export interface RequiredPlatforms {
  readonly platforms: readonly Platform[];
  readonly tooMany: boolean;
}

/** Nobody has so many kinds of nodes, but an object can name any number of them. */
const MAX_PLATFORMS = 16;
export const TOO_MANY = `the Pod selects more than ${MAX_PLATFORMS} platforms`;

/** `undefined`: nothing is asked of it. Images outside of pods are for whatever nodes there are. */
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

/** The Pod's own words count where none of the nodes that are known could take it. */
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

/** Where only the operating system is named. No architecture is called so. */
export const ANY = '*';
