/**
 * Finds images in Compose files (compose-spec): in services, volumes of type `image`, `pre_start` hooks, build contexts, and inline
 * Dockerfiles. Build caches are not included, because they are meant to move, and neither are `models`.
 */
import path from 'node:path';
import { parseReference } from '../../../image/reference.ts';
import type { ImageLocation, EditTarget } from '../../../pinning/image-location.ts';
import { escapeSegment, isObject, type JsonObject } from '../../../pod/pointer.ts';
import { composeBuilds, givenTo } from './builds.ts';
import { inlineImages } from './inline-dockerfile.ts';
import { interpolate, UNKNOWN } from './variables.ts';
import { hasVariableBehind, lastPieceOf } from '../last-piece.ts';
import { locationAt, locationWithout, type DocumentContext, wholeImage } from '../document-context.ts';
import { digestTarget } from '../edit-target.ts';
import type { DocumentFormat } from '../format.ts';
import { slice, type TracedText } from '../traced-text.ts';
import { writtenAt } from '../scalar-text.ts';

export const composeFormat: DocumentFormat = {
  name: 'compose',
  matches: ({ file, document }) => isCompose(file, document.value),
  locate(context) {
    const { value } = context.document;
    return { locations: composeImages(context), builds: isObject(value) ? composeBuilds(value) : [] };
  },
};

const NAME = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.(?:yaml|yml|json)$/i;

/**
 * Reports whether a document is a Compose file, by file name or by services with a build or an image; many programs have a
 * `services:` key.
 */
function isCompose(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== undefined || !isObject(value['services'])) return false;
  const services = Object.values(value['services']);
  return NAME.test(path.basename(file)) || services.some((one) => isObject(one) && ('image' in one || 'build' in one));
}

function composeImages(context: DocumentContext): readonly ImageLocation[] {
  const services = childrenOf(context.document.value, '', 'services');
  const inServices = (
    read: (pointer: string, service: unknown) => readonly ImageLocation[],
  ): readonly ImageLocation[] => services.flatMap(({ pointer, value }) => read(pointer, value));
  return [
    ...inServices((at, service) => (isObject(service) ? serviceImage(context, at, service) : [])),
    ...inServices((at, service) =>
      childrenOf(service, at, 'volumes').flatMap(({ pointer, value }) =>
        isObject(value) && value['type'] === 'image' ? imageAt(context, `${pointer}/source`, value['source']) : [],
      ),
    ),
    ...inServices((at, service) =>
      childrenOf(service, at, 'pre_start').flatMap(({ pointer, value }) =>
        isObject(value) ? imageAt(context, `${pointer}/image`, value['image']) : [],
      ),
    ),
    ...inServices((at, service) => (isObject(service) ? buildImages(context, `${at}/build`, service['build']) : [])),
  ];
}

function buildImages(context: DocumentContext, at: string, build: unknown): readonly ImageLocation[] {
  if (!isObject(build)) return [];
  return [
    ...childrenOf(build, at, 'additional_contexts').flatMap(({ pointer, value }) =>
      contextImage(context, pointer, value),
    ),
    ...inlineImages(context, `${at}/dockerfile_inline`, {
      text: build['dockerfile_inline'],
      ...givenTo(build),
    }),
  ];
}

interface Child {
  readonly pointer: string;
  readonly value: unknown;
}

/** Returns the children of a map or a list; other values have none. */
function childrenOf(parent: unknown, at: string, key: string): readonly Child[] {
  const holder = isObject(parent) ? parent[key] : undefined;
  if (!isObject(holder) && !Array.isArray(holder)) return [];
  return Object.entries(holder).map(([name, value]: [string, unknown]) => {
    return { pointer: `${at}/${key}/${escapeSegment(name)}`, value };
  });
}

/** `!reset` removes the value from another file and ignores its own value. */
function isReset({ text, document }: DocumentContext, pointer: string): boolean {
  const { offset } = document.positionOf(pointer);
  return /!reset\s+(?:&\S+\s+)?$/.test(text.slice(Math.max(0, offset - 200), offset));
}

function serviceImage(context: DocumentContext, pointer: string, service: JsonObject): readonly ImageLocation[] {
  const at = `${pointer}/image`;
  const { image } = service;
  if (typeof image !== 'string' || isReset(context, pointer) || isReset(context, at)) return [];
  const reason =
    service['build'] !== undefined && service['build'] !== null
      ? 'the service builds this image'
      : service['pull_policy'] === 'never'
        ? 'it is never pulled'
        : undefined;
  if (reason !== undefined)
    return [locationWithout(context, { pointer: at, image, content: { state: 'none', reason } })];
  return imageAt(context, at, image);
}

function imageAt(context: DocumentContext, pointer: string, image: unknown): readonly ImageLocation[] {
  if (typeof image !== 'string') return [];
  return image.includes('$')
    ? [composedImage(context, pointer, writtenAt(context, pointer, image))]
    : [wholeImage(context, pointer, image)];
}

/** `NAME: docker-image://…`, in a list `NAME=docker-image://…`. */
function contextImage(context: DocumentContext, pointer: string, value: unknown): readonly ImageLocation[] {
  if (typeof value !== 'string') return [];
  const [, before] = /^((?:[^=/]*=)?docker-image:\/\/)/.exec(value) ?? [];
  return before === undefined
    ? []
    : [composedImage(context, pointer, slice(writtenAt(context, pointer, value), before.length))];
}

const FROM_OUTSIDE = 'it contains a variable that Compose resolves; put the digest in the value of the variable';

function composedImage(context: DocumentContext, pointer: string, written: TracedText): ImageLocation {
  const image = interpolate(written);
  if (image.text.includes(UNKNOWN)) {
    const content = { state: 'problem', problem: FROM_OUTSIDE } as const;
    return locationWithout(context, { pointer, image: written.text, content });
  }
  const parsed = parseReference(image.text);
  if (!parsed.ok)
    return locationWithout(context, {
      pointer,
      image: image.text,
      content: { state: 'problem', problem: parsed.problem },
    });
  const { reference } = parsed;
  const piece = lastPieceOf(image, reference);
  const behind = `as in ${written.text}@sha256:…, and update it whenever the tag changes`;
  const target: EditTarget =
    piece === undefined || hasVariableBehind(written, piece.end)
      ? { ok: false, reason: `its tag is built from variables; put the digest after the tag, ${behind}` }
      : digestTarget(piece.end, reference);
  return locationAt(context, { pointer, image: image.text, content: { state: 'image', reference }, target });
}
