/** A Dockerfile inside a Compose file: Compose resolves its variables before BuildKit parses it. */
import { quoteValue } from '../../../image/quote.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import { lineTable } from '../../yaml/positions.ts';
import { type ComposeContext, type Environment, unknownVariable } from './environment.ts';
import { interpolate, NO_VALUES, UNKNOWN } from './variables.ts';
import type { Build } from '../dockerfile/builds.ts';
import { type DockerfileImage, imagesOf } from '../dockerfile/images.ts';
import { locationWithout, type DocumentContext } from '../document-context.ts';
import type { TracedText } from '../traced-text.ts';
import { writtenAt } from '../scalar-text.ts';

export function inlineImages(
  context: ComposeContext,
  pointer: string,
  { text: value, ...build }: { readonly text: unknown } & Omit<Build, 'name'>,
): readonly ImageLocation[] {
  if (typeof value !== 'string') return [];
  const written = writtenAt(context, pointer, value);
  const setting = {
    builds: [{ ...build, name: 'the build' }],
    linesBefore: linesBefore(context, written),
    dollar: '$$',
  };
  const { environment } = context;
  const text = interpolate(written, environment.values);
  const { images, fault } = imagesOf(text, setting);
  const locations = images.map((image) => locationOf(context, pointer, image));
  const all =
    fault === undefined
      ? locations
      : [...locations, locationWithout(context, { pointer, image: '', content: { state: 'problem', ...fault } })];
  const withDefaults = interpolate(written, NO_VALUES);
  if (text.text === withDefaults.text) return all;
  const known = new Set(imagesOf(withDefaults, setting).images.map(({ image }) => image));
  return all.map((one) => (known.has(one.image) ? one : fromFile(one, environment)));
}

/** The problem could have other values of the file than those in the image. */
function fromFile(location: ImageLocation, { file }: Environment): ImageLocation {
  const { content } = location;
  const problem = `its Dockerfile is not valid with the values of ${quoteValue(file, 256)}`;
  return {
    ...location,
    environment: file,
    content: content.state === 'problem' && !location.image.includes('$') ? { state: 'problem', problem } : content,
  };
}

/** The line in the file, if the lines of the text are lines of the file; otherwise 0. */
function linesBefore({ text }: DocumentContext, written: TracedText): number {
  const first = written.offsets.findIndex((offset) => offset !== -1);
  if (first === -1) return 0;
  return lineTable(text)(written.offsets[first] ?? 0).line - written.text.slice(0, first).split('\n').length;
}

function locationOf(context: ComposeContext, pointer: string, found: DockerfileImage): ImageLocation {
  if (found.image.includes(UNKNOWN)) {
    const problem = `${unknownVariable(context.environment)}; or write "$$" for a Dockerfile variable`;
    const image = found.image.replaceAll(UNKNOWN, '$');
    return locationWithout(context, { pointer, image, content: { state: 'problem', problem } });
  }
  const { document, text, format } = context;
  const position = found.offset === -1 ? document.positionOf(pointer) : lineTable(text)(found.offset);
  const address = { kind: 'value', document: document.index, pointer } as const;
  const { image, content, target, name } = found;
  const isNowhere = found.offset === -1 && content.state === 'image';
  const reason = 'its text is folded or has escapes; write "dockerfile_inline" as a block ("|")';
  const readable = target.ok ? target : { ...target, reason: target.reason.replaceAll(UNKNOWN, '$') };
  if (isNowhere) return { format, ...position, address, image, content, target: { ok: false, reason } };
  return { format, ...position, address, image, content, target: readable, name };
}
