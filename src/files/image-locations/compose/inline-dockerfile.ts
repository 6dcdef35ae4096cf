/** A Dockerfile that is written into a Compose file: Compose fills in its variables first, then BuildKit reads it. */
import type { ImagePlace } from '../../../pinning/image-location.ts';
import { lineTable } from '../../yaml/positions.ts';
import { interpolate, UNKNOWN } from './variables.ts';
import { type Build, type DockerfileImage, imagesOf } from '../dockerfile/images.ts';
import { placeWithout, type Scene } from '../document-context.ts';
import type { Word } from '../traced-text.ts';
import { writtenAt } from '../scalar-text.ts';

export function inlineImages(
  scene: Scene,
  pointer: string,
  { text: value, ...build }: { readonly text: unknown } & Omit<Build, 'name'>,
): readonly ImagePlace[] {
  if (typeof value !== 'string') return [];
  const written = writtenAt(scene, pointer, value);
  const setting = { builds: [{ ...build, name: 'the build' }], linesBefore: linesBefore(scene, written), dollar: '$$' };
  const { images, fault } = imagesOf(interpolate(written), setting);
  const places = images.map((image) => placeOf(scene, pointer, image));
  if (fault === undefined) return places;
  return [
    ...places,
    placeWithout(scene, { pointer, image: '', reading: { state: 'problem', problem: fault.problem } }),
  ];
}

/** In the file, where its lines are those of the text; else 0. */
function linesBefore({ text }: Scene, written: Word): number {
  const first = written.offsets.findIndex((offset) => offset !== -1);
  if (first === -1) return 0;
  return lineTable(text)(written.offsets[first] ?? 0).line - written.text.slice(0, first).split('\n').length;
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
  const readable = slot.ok ? slot : { ...slot, refused: slot.refused.replaceAll(UNKNOWN, '$') };
  return { format, ...position, target, image, reading, slot: isNowhere ? { ok: false, refused } : readable };
}
