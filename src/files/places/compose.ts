/** Images in Compose files (compose-spec, services: `image`, and volumes of type `image`). */
import path from 'node:path';
import { isObject, type JsonObject, placesAt } from '../../pod/pointer.ts';
import type { ImagePlace } from '../../pinning/place.ts';
import { placeWithout, type Scene, wholeImage } from './scene.ts';

const NAME = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.(?:yaml|yml|json)$/i;

/** By its name, or because its services are built or have images: `services:` alone is a key of many programs. */
export function isCompose(file: string, value: unknown): value is JsonObject {
  if (!isObject(value) || value['apiVersion'] !== undefined || !isObject(value['services'])) return false;
  const services = Object.values(value['services']);
  return NAME.test(path.basename(file)) || services.some((one) => isObject(one) && ('image' in one || 'build' in one));
}

export function composeImages(scene: Scene): readonly ImagePlace[] {
  const { value } = scene.document;
  const services = placesAt(value, ['services', '*']).flatMap(({ pointer, value: service }) =>
    isObject(service) ? [{ pointer, service }] : [],
  );
  return [
    ...services.flatMap(({ pointer, service }) => serviceImage(scene, pointer, service)),
    ...services.flatMap(({ pointer, service }) => volumeImages(scene, `${pointer}/volumes`, service['volumes'])),
  ];
}

/** Most volumes are texts. */
function volumeImages(scene: Scene, at: string, volumes: unknown): readonly ImagePlace[] {
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume: unknown, index) =>
    isObject(volume) && volume['type'] === 'image' ? imageAt(scene, `${at}/${index}/source`, volume['source']) : [],
  );
}

function serviceImage(scene: Scene, pointer: string, service: JsonObject): readonly ImagePlace[] {
  const at = `${pointer}/image`;
  const { image } = service;
  if (typeof image !== 'string') return [];
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
  if (!image.includes('$')) return [wholeImage(scene, pointer, image)];
  const problem = 'it has a variable in it, which only Compose fills in: put the digest into the variable';
  return [placeWithout(scene, { pointer, image, reading: { state: 'problem', problem } })];
}
