/**
 * Finds images in Compose files (compose-spec): in services, volumes of type `image`, `pre_start` hooks, build contexts, and inline
 * Dockerfiles. Build caches are not included, because they are meant to move, and neither are `models`.
 */
import { quoteValue } from '../../../image/quote.ts';
import { type ImageReference, parseReference } from '../../../image/reference.ts';
import type { EditTarget, ImageLocation, NameTarget } from '../../../pinning/image-location.ts';
import { escapeSegment, isObject, type JsonObject } from '../../../pod/pointer.ts';
import { isCompose } from '../../image-file-names.ts';
import { composeBuilds, givenTo } from './builds.ts';
import { type ComposeContext, type Environment, environmentOf, unknownVariable } from './environment.ts';
import { inlineImages } from './inline-dockerfile.ts';
import { isReset } from './reset.ts';
import { interpolate, NO_VALUES, UNKNOWN } from './variables.ts';
import { hasVariableBefore, hasVariableBehind, lastPieceOf, nameTextOf } from '../last-piece.ts';
import { locationAt, locationWithout, wholeImage } from '../document-context.ts';
import { digestTarget, namePlace } from '../edit-target.ts';
import type { DocumentFormat } from '../format.ts';
import { slice, type TracedText } from '../traced-text.ts';
import { writtenAt } from '../scalar-text.ts';

export const composeFormat: DocumentFormat = {
  name: 'compose',
  matches: ({ file, document }) => isCompose(file, document.value),
  locate(context, { environmentOf: given = environmentOf }) {
    const { value } = context.document;
    const environment = given(context.file);
    return {
      locations: composeImages({ ...context, environment }),
      builds: isObject(value) ? composeBuilds(value, environment) : [],
    };
  },
};

function composeImages(context: ComposeContext): readonly ImageLocation[] {
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

function buildImages(context: ComposeContext, at: string, build: unknown): readonly ImageLocation[] {
  if (!isObject(build)) return [];
  return [
    ...childrenOf(build, at, 'additional_contexts').flatMap(({ pointer, value }) =>
      contextImage(context, pointer, value),
    ),
    ...inlineImages(context, `${at}/dockerfile_inline`, {
      text: build['dockerfile_inline'],
      ...givenTo(build, context.environment.values),
      built: [],
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

function serviceImage(context: ComposeContext, pointer: string, service: JsonObject): readonly ImageLocation[] {
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

function imageAt(context: ComposeContext, pointer: string, image: unknown): readonly ImageLocation[] {
  if (typeof image !== 'string') return [];
  return image.includes('$')
    ? [composedImage(context, pointer, writtenAt(context, pointer, image))]
    : [wholeImage(context, pointer, image)];
}

/** `NAME: docker-image://…`, in a list `NAME=docker-image://…`. */
function contextImage(context: ComposeContext, pointer: string, value: unknown): readonly ImageLocation[] {
  if (typeof value !== 'string') return [];
  const [, before] = /^((?:[^=/]*=)?docker-image:\/\/)/.exec(value) ?? [];
  return before === undefined
    ? []
    : [composedImage(context, pointer, slice(writtenAt(context, pointer, value), before.length))];
}

function composedImage(context: ComposeContext, pointer: string, written: TracedText): ImageLocation {
  const { environment } = context;
  const image = interpolate(written, environment.values);
  const isFromEnvironment = image.text !== interpolate(written, NO_VALUES).text;
  const location = locationOf(context, { pointer, written, image, isFromEnvironment });
  return isFromEnvironment ? { ...location, environment: environment.file } : location;
}

interface Composed {
  readonly pointer: string;
  readonly written: TracedText;
  /** With the values of variables. */
  readonly image: TracedText;
  readonly isFromEnvironment: boolean;
}

function locationOf(context: ComposeContext, { pointer, written, image, isFromEnvironment }: Composed): ImageLocation {
  const { environment } = context;
  if (image.text.includes(UNKNOWN)) {
    const content = { state: 'problem', problem: unknownVariable(environment) } as const;
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
      ? {
          ok: false,
          reason: `${isFromEnvironment ? fromFile(environment) : BUILT} put the digest after the tag, ${behind}`,
        }
      : digestTarget(piece.end, reference);
  const name = nameIn(context, { written, image, isFromEnvironment }, reference);
  return locationAt(context, { pointer, image: image.text, content: { state: 'image', reference }, target, name });
}

function nameIn(
  { environment }: ComposeContext,
  { written, image, isFromEnvironment }: Omit<Composed, 'pointer'>,
  reference: ImageReference,
): NameTarget {
  const place = nameTextOf(image, reference);
  if (place !== undefined && !hasVariableBefore(written, place.from)) return namePlace(place);
  const where = isFromEnvironment
    ? `variables of it have values in ${quoteValue(environment.file, 256)}`
    : 'its name is built from variables';
  return { ok: false, reason: `${where}; write the name without variables` };
}

const BUILT = 'its tag is built from variables;';

function fromFile({ file }: Environment): string {
  return `variables of it have values in ${quoteValue(file, 256)}, where no digest is written;`;
}
