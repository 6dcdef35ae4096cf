/**
 * Images in Compose files (compose-spec): of services, their volumes of type `image`, their `pre_start` hooks, the contexts of
 * builds, and Dockerfiles that are written in. Caches of builds are none: they are meant to move. Nor are `models`.
 */
import path from 'node:path';
import { parseReference } from '../../../image/reference.ts';
import type { ImagePlace, Slot } from '../../../pinning/image-location.ts';
import { escapeSegment, isObject, type JsonObject } from '../../../pod/pointer.ts';
import { givenTo } from './builds.ts';
import { inlineImages } from './inline-dockerfile.ts';
import { interpolate, UNKNOWN } from './variables.ts';
import { hasVariableBehind, lastPieceOf } from '../last-piece.ts';
import { placeAt, placeWithout, type Scene, wholeImage } from '../document-context.ts';
import { digestSlot } from '../edit-target.ts';
import { slice, type Word } from '../traced-text.ts';
import { writtenAt } from '../scalar-text.ts';

const NAME = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.(?:yaml|yml|json)$/i;

/** By its name, or because its services are built or have images: `services:` alone is a key of many programs. */
export function isCompose(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== undefined || !isObject(value['services'])) return false;
  const services = Object.values(value['services']);
  return NAME.test(path.basename(file)) || services.some((one) => isObject(one) && ('image' in one || 'build' in one));
}

export function composeImages(scene: Scene): readonly ImagePlace[] {
  const services = childrenOf(scene.document.value, '', 'services');
  const inServices = (read: (pointer: string, service: unknown) => readonly ImagePlace[]): readonly ImagePlace[] =>
    services.flatMap(({ pointer, value }) => read(pointer, value));
  return [
    ...inServices((at, service) => (isObject(service) ? serviceImage(scene, at, service) : [])),
    ...inServices((at, service) =>
      childrenOf(service, at, 'volumes').flatMap(({ pointer, value }) =>
        isObject(value) && value['type'] === 'image' ? imageAt(scene, `${pointer}/source`, value['source']) : [],
      ),
    ),
    ...inServices((at, service) =>
      childrenOf(service, at, 'pre_start').flatMap(({ pointer, value }) =>
        isObject(value) ? imageAt(scene, `${pointer}/image`, value['image']) : [],
      ),
    ),
    ...inServices((at, service) => (isObject(service) ? buildImages(scene, `${at}/build`, service['build']) : [])),
  ];
}

function buildImages(scene: Scene, at: string, build: unknown): readonly ImagePlace[] {
  if (!isObject(build)) return [];
  return [
    ...childrenOf(build, at, 'additional_contexts').flatMap(({ pointer, value }) =>
      contextImage(scene, pointer, value),
    ),
    ...inlineImages(scene, `${at}/dockerfile_inline`, {
      text: build['dockerfile_inline'],
      ...givenTo(build),
    }),
  ];
}

interface Child {
  readonly pointer: string;
  readonly value: unknown;
}

/** Of a map or a list; what has another shape has none. */
function childrenOf(parent: unknown, at: string, key: string): readonly Child[] {
  const holder = isObject(parent) ? parent[key] : undefined;
  if (!isObject(holder) && !Array.isArray(holder)) return [];
  return Object.entries(holder).map(([name, value]: [string, unknown]) => {
    return { pointer: `${at}/${key}/${escapeSegment(name)}`, value };
  });
}

/** `!reset` takes a value of another file away, whatever stands behind it. */
function isReset({ text, document }: Scene, pointer: string): boolean {
  const { offset } = document.positionOf(pointer);
  return /!reset\s+(?:&\S+\s+)?$/.test(text.slice(Math.max(0, offset - 200), offset));
}

function serviceImage(scene: Scene, pointer: string, service: JsonObject): readonly ImagePlace[] {
  const at = `${pointer}/image`;
  const { image } = service;
  if (typeof image !== 'string' || isReset(scene, pointer) || isReset(scene, at)) return [];
  const reason =
    service['build'] !== undefined && service['build'] !== null
      ? 'it is the name of what is built here'
      : service['pull_policy'] === 'never'
        ? 'it is never pulled'
        : undefined;
  if (reason !== undefined) return [placeWithout(scene, { pointer: at, image, reading: { state: 'none', reason } })];
  return imageAt(scene, at, image);
}

function imageAt(scene: Scene, pointer: string, image: unknown): readonly ImagePlace[] {
  if (typeof image !== 'string') return [];
  return image.includes('$')
    ? [composedImage(scene, pointer, writtenAt(scene, pointer, image))]
    : [wholeImage(scene, pointer, image)];
}

/** `NAME: docker-image://…`, in a list `NAME=docker-image://…`. */
function contextImage(scene: Scene, pointer: string, context: unknown): readonly ImagePlace[] {
  if (typeof context !== 'string') return [];
  const [, before] = /^((?:[^=/]*=)?docker-image:\/\/)/.exec(context) ?? [];
  return before === undefined
    ? []
    : [composedImage(scene, pointer, slice(writtenAt(scene, pointer, context), before.length))];
}

const FROM_OUTSIDE = 'it has a variable in it, which only Compose fills in: put the digest into the variable';

function composedImage(scene: Scene, pointer: string, written: Word): ImagePlace {
  const image = interpolate(written);
  if (image.text.includes(UNKNOWN)) {
    const reading = { state: 'problem', problem: FROM_OUTSIDE } as const;
    return placeWithout(scene, { pointer, image: written.text, reading });
  }
  const parsed = parseReference(image.text);
  if (!parsed.ok)
    return placeWithout(scene, { pointer, image: image.text, reading: { state: 'problem', problem: parsed.problem } });
  const { reference } = parsed;
  const piece = lastPieceOf(image, reference);
  const behind = `as in ${written.text}@sha256:…, and renew it whenever the tag changes`;
  const slot: Slot =
    piece === undefined || hasVariableBehind(written, piece.end)
      ? { ok: false, refused: `its tag is built from variables; put the digest behind it, ${behind}` }
      : digestSlot(piece.end, reference);
  return placeAt(scene, { pointer, image: image.text, reading: { state: 'image', reference }, slot });
}
