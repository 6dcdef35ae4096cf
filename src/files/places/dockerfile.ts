/** Images in Dockerfiles: FROM, COPY --from= and RUN --mount=from=; neither stages nor `scratch`. */
import path from 'node:path';
import { maskPassword } from '../../image/password.ts';
import { parseReference } from '../../image/reference.ts';
import type { ImagePlace, Reading, Slot } from '../../pinning/place.ts';
import { lineTable, type Position } from '../positions.ts';
import { type Arguments, argumentsOf, expand, from, unquoted } from './dockerfile-arguments.ts';
import { type Instruction, instructionsOf, type Word } from './dockerfile-lines.ts';
import { literalSlot } from './slot.ts';

const NAME = /^(?:docker|container)file(?:[.-].+)?$|\.(?:docker|container)file$/i;

/** Also what editors leave beside them ends so: `Dockerfile.orig` is one, too, and `Dockerfile.dockerignore` is none. */
export function isDockerfile(file: string): boolean {
  const name = path.basename(file);
  return NAME.test(name) && !/\.(?:dockerignore|ya?ml|json|md)$/i.test(name);
}

/** Of a file of any other name: whether its first instruction can only be that of a Dockerfile. */
export function looksLikeDockerfile(text: string): boolean {
  return FIRST.test(text.slice(0, 10_000));
}

const FIRST = /^\uFEFF?(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:FROM[^\S\n]+[^\s:]|ARG[^\S\n]+\w+(?:[=\s]|$))/i;

interface Reader {
  readonly positionAt: (offset: number) => Position;
  readonly arguments: Map<string, Word | undefined>;
  /** In lower case: Docker compares them so. */
  readonly stages: Set<string>;
  /** ARGs that are a part of an image, and so no place for a digest. */
  readonly parts: ReadonlySet<string>;
  readonly places: ImagePlace[];
}

export function dockerfileImages(text: string): readonly ImagePlace[] {
  const instructions = instructionsOf(text);
  const first = instructions.findIndex(({ name }) => name === 'FROM');
  const known = new Map(
    instructions.slice(0, Math.max(first, 0)).flatMap((one) => (one.name === 'ARG' ? argumentsOf(one) : [])),
  );
  const reader: Reader = {
    positionAt: lineTable(text),
    arguments: known,
    stages: new Set(),
    parts: partsOf(instructions, known),
    places: [],
  };
  for (const instruction of instructions) readInstruction(instruction, reader);
  return reader.places;
}

const WHOLE = /^\$(?:(\w+)|\{(\w+)\})$/;

function partsOf(instructions: readonly Instruction[], known: Arguments): ReadonlySet<string> {
  const images = instructions.flatMap((one) => (one.name === 'FROM' ? [splitFrom(one).image?.text ?? ''] : []));
  const texts = [
    ...images.filter((image) => !WHOLE.test(image)),
    ...[...known.values()].map((word) => word?.text ?? ''),
  ];
  return new Set(texts.flatMap((text) => [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)));
}

function readInstruction(instruction: Instruction, reader: Reader): void {
  if (instruction.name === 'FROM') readFrom(instruction, reader);
  if (instruction.name !== 'COPY' && instruction.name !== 'RUN') return;
  for (const flag of flagsOf(instruction)) {
    const image = instruction.name === 'COPY' ? valueOf(flag, '--from=') : mountSource(flag);
    if (image !== undefined) readSource(unquoted(image), reader);
  }
}

function flagsOf({ words }: Instruction): readonly Word[] {
  const end = words.findIndex(({ text }) => !text.startsWith('--'));
  return end === -1 ? words : words.slice(0, end);
}

function valueOf(word: Word, prefix: string): Word | undefined {
  return word.text.toLowerCase().startsWith(prefix) ? from(word, prefix.length) : undefined;
}

/** `--mount=type=bind,from=alpine:3,target=/x` */
function mountSource(flag: Word): Word | undefined {
  if (!flag.text.startsWith('--mount=')) return undefined;
  const found = /(?:=|,)from=([^,]*)/.exec(flag.text.slice('--mount'.length));
  if (found === null) return undefined;
  const start = '--mount'.length + found.index + ',from='.length;
  return from(flag, start, start + (found[1]?.length ?? 0));
}

function splitFrom({ words }: Instruction): { readonly image: Word | undefined; readonly stage: string | undefined } {
  const [image, as, stage] = words.filter(
    ({ text }, index) => !(text.startsWith('--') && words.slice(0, index).every((one) => one.text.startsWith('--'))),
  );
  return {
    image: image && unquoted(image),
    stage: as?.text.toLowerCase() === 'as' ? stage?.text.toLowerCase() : undefined,
  };
}

function readFrom(instruction: Instruction, reader: Reader): void {
  const { image, stage } = splitFrom(instruction);
  if (image !== undefined) addFrom(image, reader);
  if (stage !== undefined) reader.stages.add(stage);
}

function addFrom(word: Word, reader: Reader): void {
  const expanded = expand(word.text, reader.arguments);
  if (!expanded.ok) {
    add(reader, { word, image: word.text, reading: { state: 'problem', problem: expanded.problem } });
    return;
  }
  const { text, names } = expanded;
  if (text === 'scratch' || reader.stages.has(text.toLowerCase())) return;
  add(reader, { word, image: text, ...(names.length === 0 ? {} : fromArgument(word, { text, names }, reader)) });
}

/** An ARG that is the whole image, and no part of another one, is where the digest goes. */
function fromArgument(
  { text: written }: Word,
  { text, names }: { readonly text: string; readonly names: readonly string[] },
  reader: Reader,
): Pick<Found, 'refused'> | Pick<Found, 'word'> {
  const [, plain, braced] = WHOLE.exec(written) ?? [];
  const name = plain ?? braced ?? '';
  const word = reader.arguments.get(name);
  if (word?.text === text && !reader.parts.has(name)) return { word };
  const remedy = /\$\{?\w+\}?$/.test(written)
    ? `put the digest there, as in ARG ${names.at(-1)}=…@sha256:…`
    : 'write it out, or give it an ARG of its own';
  return { refused: `it is put together with ARG ${names.join(', ')}: ${remedy}` };
}

/** Of COPY and RUN: a name that is neither a stage nor clearly an image can be a context that the build is given. */
function readSource(word: Word, reader: Reader): void {
  const { text } = word;
  if (text === '' || /^\d+$/.test(text) || reader.stages.has(text.toLowerCase())) return;
  const reading: Reading | undefined = text.includes('$')
    ? { state: 'problem', problem: 'it has a variable in it, which Docker does not fill in here' }
    : /[/:@.]/.test(text)
      ? undefined
      : { state: 'none', reason: 'it may be a build context: write its tag to have it pinned' };
  add(reader, { word, image: text, ...(reading === undefined ? {} : { reading }) });
}

interface Found {
  /** Where the image, or what stands for it, is written. */
  readonly word: Word;
  readonly image: string;
  readonly reading?: Reading;
  readonly refused?: string;
}

function add(reader: Reader, found: Found): void {
  const { word, image } = found;
  const offset = word.offsets[0] ?? 0;
  if (reader.places.some((place) => place.offset === offset)) return;
  const { line, column } = reader.positionAt(offset);
  const reading = found.reading ?? readImage(image);
  reader.places.push({
    format: 'dockerfile',
    line,
    column,
    offset,
    target: { kind: 'text' },
    image: reading.state === 'image' ? image : maskPassword(image),
    reading,
    slot: slotOf(found, reading),
  });
}

function readImage(image: string): Reading {
  const parsed = parseReference(image);
  return parsed.ok ? { state: 'image', reference: parsed.reference } : { state: 'problem', problem: parsed.problem };
}

function slotOf({ word, refused }: Found, reading: Reading): Slot {
  if (refused !== undefined || reading.state !== 'image')
    return { ok: false, refused: refused ?? 'there is no image here' };
  const { offsets } = word;
  const start = offsets[0] ?? 0;
  const together = offsets.every((offset, index) => offset === start + index);
  return together
    ? literalSlot(start, reading.reference)
    : { ok: false, refused: 'it is written on two lines: write it on one' };
}
