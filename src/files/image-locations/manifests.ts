/** Images in objects of the Kubernetes API: wherever the table of kinds knows one. */
import type { Container } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf, workloadOf } from '../../pod/workload.ts';
import type { ImagePlace } from '../../pinning/image-location.ts';
import { itemsOfList } from '../lists.ts';
import { hiddenImages } from './kustomize/hidden-images.ts';
import { imageSlot } from './edit-target.ts';
import { namedType, placeAt, placeWithout, type Scene, valueAt } from './document-context.ts';

export interface FoundInObjects {
  readonly places: readonly ImagePlace[];
  /** Those that only kustomizations change. */
  readonly hidden: readonly ImagePlace[];
  readonly faults: readonly { readonly pointer: string; readonly problem: string }[];
}

export function isManifest(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const { kind, version } = typeOf(value);
  return kind !== '' && (version !== '' || itemsOfList(value) !== undefined);
}

export function manifestImages(scene: Scene, kinds: KindTable): FoundInObjects {
  const found = {
    places: new Array<ImagePlace>(),
    hidden: new Array<ImagePlace>(),
    faults: new Array<FoundInObjects['faults'][number]>(),
  };
  addObject(scene.document.value, '', { scene, kinds, ...found });
  return found;
}

interface Search {
  readonly scene: Scene;
  readonly kinds: KindTable;
  readonly places: ImagePlace[];
  readonly hidden: ImagePlace[];
  readonly faults: FoundInObjects['faults'][number][];
}

function addObject(value: unknown, base: string, search: Search): void {
  if (!isObject(value)) return;
  // Not every client takes it for a list, so what it holds by itself is read as well.
  for (const [index, item] of (itemsOfList(value) ?? []).entries()) addObject(item, `${base}/items/${index}`, search);
  const read = workloadOf(value, typeOf(value), search.kinds);
  const containers = read?.ok ? read.workload.containers : [];
  if (read?.ok === false) search.faults.push({ pointer: `${base}${read.fault.pointer}`, problem: read.fault.problem });
  for (const container of containers)
    search.places.push({
      ...placeOf(container, base, search.scene),
      field: container.imagePointer,
      object: namedType(value),
    });
  const known = new Set(containers.map(({ imagePointer }) => `${base}${imagePointer}`));
  search.hidden.push(...hiddenImages({ scene: search.scene, known }, base, value));
}

function placeOf({ image, imagePointer }: Container, base: string, scene: Scene): ImagePlace {
  const pointer = `${base}${imagePointer}`;
  const { text } = image;
  if (image.state === 'parsed') return parsedImage(scene, pointer, image);
  return placeWithout(scene, {
    pointer,
    image: text,
    reading:
      image.state === 'pending'
        ? { state: 'none', reason: image.reason }
        : { state: 'problem', problem: image.problem },
  });
}

const DOCKER_URL = 'docker://';

/** Some custom resources put their image together from several fields, or keep it inside of a longer text. */
function parsedImage(
  scene: Scene,
  pointer: string,
  { text: image, reference }: Extract<Container['image'], { readonly state: 'parsed' }>,
): ImagePlace {
  const value = valueAt(scene.document.value, pointer);
  const at = { text: scene.text, offset: scene.document.positionOf(pointer).offset };
  const slot =
    typeof value === 'string' && (value === image || value === `${DOCKER_URL}${image}`)
      ? imageSlot(at, { value, reference })
      : {
          ok: false as const,
          refused: 'it is put together from several fields, or part of a longer text: pin it by hand',
        };
  return placeAt(scene, { pointer, image, reading: { state: 'image', reference }, slot });
}
