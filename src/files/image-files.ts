/**
 * Compose files and Dockerfiles as objects, so that rules about images and published ports evaluate them like objects without a
 * namespace. Which images a file has is decided by the formats of `pin`.
 */
import path from 'node:path';
import { quoteValue } from '../image/quote.ts';
import { FILE_GROUP, FILE_KINDS, PULL_POLICY_KEY } from '../pod/file-kinds.ts';
import type { KindTable } from '../pod/kinds.ts';
import { pointerSegments } from '../pod/pointer.ts';
import type { ImageLocation } from '../pinning/image-location.ts';
import { type ComposeServices, composeServices, NO_SERVICES } from './compose-services.ts';
import { type Environment, environmentOf } from './image-locations/compose/environment.ts';
import { findImages } from './image-locations/find.ts';
import type { FileImages } from './image-locations/format.ts';
import type { Manifest } from './manifest-objects.ts';
import type { InputNotice } from './skipped-files.ts';

export interface ImageFile {
  /** One for each document; empty for a file that has only the name of a Dockerfile. */
  readonly manifests: readonly Manifest[];
  readonly unread: readonly UnreadImage[];
}

/** An image that is not evaluated, or the rest of a file. */
export interface UnreadImage {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** undefined: the rest of the file. */
  readonly image: string | undefined;
  readonly problem: string;
}

export interface ImageFileOptions {
  readonly kinds: KindTable;
  readonly environmentOf?: ((composeFile: string) => Environment) | undefined;
}

/** Returns the images of a Compose file or a Dockerfile. */
export function readImageFile(file: string, text: string, options: ImageFileOptions): ImageFile {
  const found = findImages(file, text, { ...options, helmImages: [] });
  const locations = found.locations.filter(({ format }) => Object.hasOwn(FILE_KINDS, format));
  const services =
    found.format === 'compose'
      ? composeServices({ file, text }, (options.environmentOf ?? environmentOf)(file))
      : new Map<number, ComposeServices>();
  const groups = Map.groupBy(locations, (one) => documentOf(one));
  for (const document of services.keys()) groups.set(document, groups.get(document) ?? []);
  if (groups.size === 0 && isImageFormat(found)) groups.set(1, []);
  return {
    manifests: [...groups].map(([document, all]) =>
      manifestOf(
        {
          file,
          document,
          kind: FILE_KINDS[found.format === 'dockerfile' ? 'dockerfile' : 'compose'],
          services: services.get(document) ?? NO_SERVICES,
        },
        all,
      ),
    ),
    unread: [
      ...locations.flatMap((one) => unreadImage(file, one) ?? []),
      ...(found.format === 'dockerfile' ? found.faults : []).map(({ line, column, message: problem }) => {
        return { file, line, column, image: undefined, problem };
      }),
    ],
  };
}

function isImageFormat({ format }: FileImages): boolean {
  return format !== undefined && Object.hasOwn(FILE_KINDS, format);
}

function documentOf({ address }: ImageLocation): number {
  return address.kind === 'value' ? address.document + 1 : 1;
}

interface FileObject {
  readonly file: string;
  readonly document: number;
  readonly kind: string;
  readonly services: ComposeServices;
}

function manifestOf({ file, document, kind, services }: FileObject, all: readonly ImageLocation[]): Manifest {
  const locations = all.filter((one) => isEvaluated(one));
  const name = path.resolve(file).split(path.sep).slice(-2).join('/');
  return {
    file,
    document,
    imagesOnly: true,
    request: {
      uid: 'from-file',
      type: { group: FILE_GROUP, version: 'v1', kind },
      subResource: '',
      operation: 'CREATE',
      name,
      namespace: undefined,
      user: undefined,
      object: {
        apiVersion: `${FILE_GROUP}/v1`,
        kind,
        metadata: { name },
        images: locations.map((one) => ({ name: holderOf(one), image: one.image, ...pullPolicyOf(one, services) })),
        ports: services.ports.map(({ pointer: _pointer, ...port }) => port),
      },
      oldObject: undefined,
      dryRun: true,
      pluginsRan: false,
      mutateRan: false,
    },
    remarkOn(pointer) {
      const [list, index] = pointerSegments(pointer);
      const from = list === 'images' ? locations[Number(index)]?.environment : undefined;
      return from === undefined ? undefined : `the image has values from ${quoteValue(from, 256)}`;
    },
    placeOf(pointer) {
      const [list, index, key] = pointerSegments(pointer);
      const location = locations[Number(index)];
      const port = services.ports[Number(index)];
      if (list === 'ports' && port !== undefined) return services.placeOf(port.pointer);
      if (list !== 'images' || location === undefined) return { file, line: 1, column: 1 };
      const policy = key === PULL_POLICY_KEY ? services.pullPolicies.get(holderOf(location)) : undefined;
      return policy === undefined
        ? { file, line: location.line, column: location.column }
        : services.placeOf(policy.pointer);
    },
  };
}

/** Only the image of the service itself has a pull policy. */
function pullPolicyOf(location: ImageLocation, { pullPolicies }: ComposeServices): Readonly<Record<string, string>> {
  const { address } = location;
  const isOwn = address.kind === 'value' && /^\/services\/[^/]*\/image$/.test(address.pointer);
  const policy = isOwn ? pullPolicies.get(holderOf(location)) : undefined;
  return policy === undefined ? {} : { [PULL_POLICY_KEY]: policy.value };
}

/** The service, or the stage of a Dockerfile. */
function holderOf({ address, stage }: ImageLocation): string {
  if (address.kind === 'text') return stage ?? '';
  const [list, name = ''] = pointerSegments(address.pointer);
  return list === 'services' ? name : '';
}

/** Images that are built, or are contexts and stages, are not pulled. Variables without a value are not known. */
function isEvaluated({ content, image }: ImageLocation): boolean {
  return content.state === 'image' || (content.state === 'problem' && !isOpen(image));
}

function isOpen(image: string): boolean {
  return image === '' || /[$\n]|\{\{/.test(image);
}

function unreadImage(file: string, { content, image, line, column }: ImageLocation): UnreadImage | undefined {
  if (content.state !== 'problem' || !isOpen(image)) return undefined;
  return { file, line, column, image, problem: content.problem };
}

/** One for each reason. */
export function unreadNotices(all: readonly UnreadImage[]): readonly InputNotice[] {
  return [...Map.groupBy(all, ({ problem }) => problem).values()].map((same) => {
    const [{ file, line, column, image, problem }] = same as [UnreadImage];
    const subject =
      same.length > 1
        ? `${same.length} images in files are`
        : image === undefined || image === ''
          ? 'an image is'
          : `image ${quoteValue(image)} is`;
    return { file, line, column, message: `${subject} not evaluated: ${problem}` };
  });
}
