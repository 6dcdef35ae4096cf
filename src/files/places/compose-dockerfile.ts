/** A Dockerfile that is written into a Compose file: Compose fills in its variables first, then BuildKit reads it. */
import type { ImagePlace } from '../../pinning/place.ts';
import { lineTable } from '../positions.ts';
import { interpolate, UNKNOWN } from './compose-variables.ts';
import { type DockerfileImage, imagesOf } from './dockerfile/images.ts';
import { placeWithout, type Scene } from './scene.ts';
import { writtenAt } from './written.ts';

export function inlineImages(scene: Scene, pointer: string, value: unknown): readonly ImagePlace[] {
  if (typeof value !== 'string') return [];
  const { images, fault } = imagesOf(interpolate(writtenAt(scene, pointer, value)));
  const places = images.map((image) => placeOf(scene, pointer, image));
  if (fault === undefined) return places;
  return [
    ...places,
    placeWithout(scene, { pointer, image: '', reading: { state: 'problem', problem: fault.problem } }),
  ];
}

function placeOf(scene: Scene, pointer: string, found: DockerfileImage): ImagePlace {
  if (found.image.includes(UNKNOWN)) {
    const problem = 'it has a variable in it that Compose fills in; write "$$" for a variable of the Dockerfile';
    const image = found.image.replaceAll(UNKNOWN, '$');
    return placeWithout(scene, { pointer, image, reading: { state: 'problem', problem } });
  }
  const { document, text, format } = scene;
  const position = found.offset === -1 ? document.positionOf(pointer) : lineTable(text)(found.offset);
  const target = { kind: 'value', document: document.index, pointer } as const;
  const { image, reading, slot } = found;
  const isNowhere = found.offset === -1 && reading.state === 'image';
  const refused = 'its text is folded or has escapes; write "dockerfile_inline" as a block of lines ("|")';
  return { format, ...position, target, image, reading, slot: isNowhere ? { ok: false, refused } : slot };
}
