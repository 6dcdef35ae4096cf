/**
 * Where the parts of a container stand. It is the same few places in all objects, so each pointer is put together once, not
 * once for each object.
 */

export interface ContainerPlace {
  readonly pointer: string;
  readonly image: string;
  readonly pullPolicy: string;
  /** Of the port with this index. */
  readonly port: (index: number) => string;
}

/** By the keys of a pod spec: the place of the container with this index. */
export interface PodPlaces {
  readonly initContainers: (index: number) => ContainerPlace;
  readonly containers: (index: number) => ContainerPlace;
  readonly ephemeralContainers: (index: number) => ContainerPlace;
}

const known = new Map<string, PodPlaces>();
/** What few objects have is not kept, and a full memory is begun anew: it never holds more than 9,000 short texts. */
const MAX_KNOWN = 32;
const MAX_LENGTH = 100;
const MAX_INDEX = 8;

/** `pod` is the pointer of the pod spec. */
export function placesIn(pod: string): PodPlaces {
  const before = known.get(pod);
  if (before !== undefined) return before;
  const places = {
    initContainers: containersAt(`${pod}/initContainers`),
    containers: containersAt(`${pod}/containers`),
    ephemeralContainers: containersAt(`${pod}/ephemeralContainers`),
  };
  if (pod.length > MAX_LENGTH) return places;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(pod, places);
  return places;
}

function containersAt(list: string): (index: number) => ContainerPlace {
  return remembered((index) => {
    const pointer = `${list}/${index}`;
    return {
      pointer,
      image: `${pointer}/image`,
      pullPolicy: `${pointer}/imagePullPolicy`,
      port: remembered((port) => `${pointer}/ports/${port}`),
    };
  });
}

function remembered<T>(make: (index: number) => T): (index: number) => T {
  const made: T[] = [];
  return (index) => {
    const before = made[index];
    if (before !== undefined) return before;
    const place = make(index);
    if (index < MAX_INDEX) made[index] = place;
    return place;
  };
}
