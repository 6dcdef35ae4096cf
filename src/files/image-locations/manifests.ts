/** Finds images in Kubernetes objects, by the table of kinds. */
import type { Container } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { readableObject } from '../../pod/misshapen.ts';
import { typeOf, workloadOf } from '../../pod/workload.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import { itemsOfList } from '../lists.ts';
import { objectsIn } from '../manifest-objects.ts';
import { readableManifest } from '../misshapen-objects.ts';
import { uncheckedObjects } from '../unchecked-objects.ts';
import type { DocumentFormat } from './format.ts';
import { hiddenImages } from './kustomize/hidden-images.ts';
import { imageTarget, nameTarget } from './edit-target.ts';
import {
  namedType,
  locationAt,
  locationWithout,
  problemContent,
  type DocumentContext,
  valueAt,
} from './document-context.ts';

export const manifestFormat: DocumentFormat = {
  name: 'manifest',
  matches: ({ document }) => isManifest(document.value),
  locate(context, { kinds }) {
    const { document, file } = context;
    const { locations, hidden, faults } = manifestImages(context, kinds);
    const placed = faults.map(({ pointer, problem }) => {
      const { line, column } = document.positionOf(pointer);
      return { line, column, message: `${pointer || '/'}: ${problem}` };
    });
    const objects = objectsIn(document, file, { kinds, namespace: 'default' });
    const misshapen = objects.flatMap((manifest) => readableManifest(manifest, kinds)?.skipped ?? []);
    return { locations, hidden, faults: placed, unchecked: uncheckedObjects(objects, kinds), misshapen };
  },
};

interface ManifestImages {
  readonly locations: readonly ImageLocation[];
  /** Images that only kustomizations change. */
  readonly hidden: readonly ImageLocation[];
  readonly faults: readonly { readonly pointer: string; readonly problem: string }[];
}

function isManifest(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const { kind, version } = typeOf(value);
  return kind !== '' && (version !== '' || itemsOfList(value) !== undefined);
}

function manifestImages(context: DocumentContext, kinds: KindTable): ManifestImages {
  const found = {
    locations: new Array<ImageLocation>(),
    hidden: new Array<ImageLocation>(),
    faults: new Array<ManifestImages['faults'][number]>(),
  };
  addObject(context.document.value, '', { context, kinds, ...found });
  return found;
}

interface Search {
  readonly context: DocumentContext;
  readonly kinds: KindTable;
  readonly locations: ImageLocation[];
  readonly hidden: ImageLocation[];
  readonly faults: ManifestImages['faults'][number][];
}

function addObject(value: unknown, base: string, search: Search): void {
  if (!isObject(value)) return;
  // Some clients do not treat it as a list, so its own images are read as well.
  for (const [index, item] of (itemsOfList(value) ?? []).entries()) addObject(item, `${base}/items/${index}`, search);
  const read = readWorkload(value, search.kinds);
  const containers = read?.ok ? read.workload.containers : [];
  if (read?.ok === false) search.faults.push({ pointer: `${base}${read.fault.pointer}`, problem: read.fault.problem });
  for (const container of containers)
    search.locations.push({
      ...locationOf(container, base, search.context),
      field: container.imagePointer,
      object: namedType(value),
      container: container.kind,
    });
  const known = new Set(containers.map(({ imagePointer }) => `${base}${imagePointer}`));
  search.hidden.push(...hiddenImages({ context: search.context, known }, base, value));
}

/** Without the values of a custom kind that have an unexpected shape; a notice reports these. */
function readWorkload(value: JsonObject, kinds: KindTable): ReturnType<typeof workloadOf> {
  const type = typeOf(value);
  const read = workloadOf(value, type, kinds);
  const readable = read?.ok === false ? readableObject(value, type, kinds) : undefined;
  return readable === undefined ? read : workloadOf(readable.object, type, kinds);
}

function locationOf({ image, imagePointer }: Container, base: string, context: DocumentContext): ImageLocation {
  const pointer = `${base}${imagePointer}`;
  const { text } = image;
  if (image.state === 'parsed') return parsedImage(context, pointer, image);
  return locationWithout(context, {
    pointer,
    image: text,
    content: image.state === 'pending' ? { state: 'none', reason: image.reason } : problemContent(text, image.problem),
  });
}

const DOCKER_URL = 'docker://';

/** Some custom resources build their image from several fields, or contain it in a longer string. */
function parsedImage(
  context: DocumentContext,
  pointer: string,
  { text: image, reference }: Extract<Container['image'], { readonly state: 'parsed' }>,
): ImageLocation {
  const value = valueAt(context.document.value, pointer);
  const at = { text: context.text, offset: context.document.positionOf(pointer).offset };
  const content = { state: 'image', reference } as const;
  if (typeof value === 'string' && (value === image || value === `${DOCKER_URL}${image}`)) {
    const [target, name] = [imageTarget(at, { value, reference }), nameTarget(at, { value, reference })];
    return locationAt(context, { pointer, image, content, target, name });
  }
  const target = { ok: false, reason: `${IN_PARTS}; pin it by hand` } as const;
  const name = { ok: false, reason: `${IN_PARTS}; change it by hand` } as const;
  return locationAt(context, { pointer, image, content, target, name });
}

const IN_PARTS = 'it is built from several fields or is part of a longer string';
