/**
 * Finds the place for the digest of a base image: after its tag, in FROM, or in the ARG of the tag if no other image uses it.
 * Otherwise explains what to write for all images that use the ARG.
 */
import { type ImageReference, parseReference } from '../../../image/reference.ts';
import { quoteValue } from '../../../image/quote.ts';
import {
  type Edit,
  editOf,
  pinnedText,
  type LocationContent,
  type EditTarget,
  taggedText,
} from '../../../pinning/image-location.ts';
import { hasVariableBehind, type LastPiece, lastPieceOf } from '../last-piece.ts';
import { digestTarget } from '../edit-target.ts';
import type { TracedText } from '../traced-text.ts';
import type { Declaration } from './arguments.ts';
import type { Outcome } from './outcome.ts';

export interface BaseImage {
  readonly line: number;
  readonly written: TracedText;
  /** The text to write before a digest. */
  readonly advised: string;
  /** The name of the stage. */
  readonly stage: string | undefined;
  /** The image with resolved variables; undefined if they cannot be resolved. */
  readonly image: TracedText | undefined;
  readonly problem: string | undefined;
  readonly isStage: boolean;
}

export interface ParsedBase extends BaseImage {
  readonly image: TracedText;
  readonly reference: ImageReference;
}

export interface FileContext {
  readonly declarations: readonly Declaration[];
  /** The base images of the whole file. */
  readonly bases: readonly BaseImage[];
  /** ARGs from before the first FROM that stages redeclare, each with a line. */
  readonly inStages: ReadonlyMap<string, number>;
  readonly outcomeOf: (edit: Edit) => Outcome;
}

export interface DigestLocation {
  readonly offset: number;
  readonly content: LocationContent;
  readonly target: EditTarget;
}

export function digestLocation(base: ParsedBase, context: FileContext): DigestLocation {
  const { written, image, reference } = base;
  const piece = lastPieceOf(image, reference);
  const owner = context.declarations.find(({ written: text }) => piece !== undefined && isIn(text, piece.end - 1));
  const inFrom = written.offsets[0] ?? 0;
  const problem = sharedDigest(base, owner, context);
  if (problem !== undefined)
    return { offset: inFrom, content: { state: 'problem', problem }, target: { ok: false, reason: problem } };
  const content = { state: 'image', reference } as const;
  if (piece === undefined || !isAtEnd(base, { piece, owner }, context))
    return { offset: inFrom, content, target: { ok: false, reason: inPieces(base) } };
  const target = digestTarget(piece.end, reference);
  const reason = sideEffect(base, { target, owner }, context);
  if (reason !== undefined) return { offset: inFrom, content, target: { ok: false, reason } };
  return { offset: owner === undefined ? inFrom : piece.start, content, target };
}

export function isIn({ offsets }: TracedText, offset: number): boolean {
  return offset >= (offsets[0] ?? Infinity) && offset <= (offsets.at(-1) ?? -1);
}

/** A digest belongs to one image; with it, no other repository can be pulled. */
function sharedDigest(base: ParsedBase, owner: Declaration | undefined, { bases }: FileContext): string | undefined {
  const start = digestStart(base.image, base.reference);
  if (owner === undefined || start === undefined) return undefined;
  for (const { image, line } of bases) {
    const parsed = image && parseReference(image.text);
    if (!parsed?.ok || digestStart(image, parsed.reference) !== start) continue;
    if (parsed.reference.repository === base.reference.repository) continue;
    return `ARG ${owner.name} contains its digest and the digest of ${quoteValue(taggedText(parsed.reference), 256)} (line ${line}), but one digest cannot match two repositories; give each image its own digest`;
  }
  return undefined;
}

function digestStart(image: TracedText | undefined, { digest }: ImageReference): number | undefined {
  return digest === undefined ? undefined : image?.offsets.at(-digest.length);
}

interface OwnedPiece {
  readonly piece: LastPiece;
  readonly owner: Declaration | undefined;
}

/** Reports whether the digest is always at the end of the image, whatever the values of the ARGs. */
function isAtEnd({ written }: ParsedBase, { piece, owner }: OwnedPiece, { declarations }: FileContext): boolean {
  const isLast = owner === undefined || owner.value.offsets.at(-1) === piece.end - 1;
  return isLast && endsText(written, piece.end, declarations);
}

/** A variable after the digest counts even if it is empty here. An ARG sees only earlier declarations. */
function endsText(written: TracedText, end: number, declarations: readonly Declaration[]): boolean {
  if (written.offsets.includes(end - 1)) return !hasVariableBehind(written, end);
  const last = namesIn(written).at(-1);
  const index = declarations.findLastIndex(({ name }) => name === last);
  const declared = declarations[index];
  return declared !== undefined && endsText(declared.written, end, declarations.slice(0, index));
}

export function namesIn({ text }: TracedText): readonly string[] {
  return [...new Set([...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name))];
}

function inPieces(base: ParsedBase): string {
  const names = namesIn(base.written);
  if (names.length === 0) return 'it spans two lines; write it on one line';
  const { tag } = base.reference;
  const or =
    tag === undefined || base.reference.digest !== undefined
      ? ''
      : `, or use one ARG for the whole tag, as in ARG TAG=${tag}`;
  return `it is built from ARG ${names.join(', ')}; ${inTheLine(base)}${or}`;
}

/** Contains every pair of hex digits, so that a pattern that removes part of some digest also removes part of this one. */
const PROBE = `sha256:${Array.from('0123456789abcdef')
  .flatMap((one, _, all) => all.map((other) => one + other))
  .join('')}`;

interface PlannedEdit {
  readonly target: EditTarget;
  readonly owner: Declaration | undefined;
}

/** Finds side effects of the digest through patterns and other ARGs. */
function sideEffect(
  base: ParsedBase,
  { target, owner }: PlannedEdit,
  { bases, inStages, outcomeOf }: FileContext,
): string | undefined {
  if (!target.ok || !base.written.text.includes('$')) return undefined;
  const { images, values } = outcomeOf(editOf(target, PROBE));
  const own = bases.findIndex(({ written }) => written === base.written);
  if (images.get(own) !== pinnedText(base.reference, PROBE)) return inPieces(base);
  if (owner === undefined) return undefined;
  const other = otherThan(base, bases, images);
  if (other !== undefined)
    return `ARG ${owner.name} is also part of ${quoteValue(other.image?.text ?? other.written.text, 256)} (line ${other.line}); ${inTheLine(base)}, or give each image its own ARG`;
  return base.reference.digest === undefined ? inStage(base, owner, { inStages, values }) : undefined;
}

function otherThan(base: ParsedBase, bases: readonly BaseImage[], images: Outcome['images']): BaseImage | undefined {
  for (const [index, image] of images) {
    const one = bases[index];
    if (one !== undefined && (image === undefined || image !== pinnedWith(base, one))) return one;
  }
  return undefined;
}

/** Pins the base if it is the same image, which gets the same digest. */
function pinnedWith(base: ParsedBase, one: BaseImage): string | undefined {
  const parsed = one.image && parseReference(one.image.text);
  return parsed?.ok && isSame(one, base) ? pinnedText(parsed.reference, PROBE) : undefined;
}

interface StageChange {
  readonly inStages: FileContext['inStages'];
  readonly values: Outcome['values'];
}

/** Returns a reason if a stage uses the ARG, for example to download the same version; a whole image has no such use. */
function inStage(base: ParsedBase, owner: Declaration, { inStages, values }: StageChange): string | undefined {
  for (const [name, line] of inStages) {
    if (!values.has(name) || values.get(name) === base.image.text) continue;
    const used = name === owner.name ? 'used' : `part of ARG ${name}, which is used`;
    return `ARG ${owner.name} is also ${used} inside a stage (line ${line}); ${inTheLine(base)}`;
  }
  return undefined;
}

function isSame({ image, isStage }: BaseImage, { reference }: ParsedBase): boolean {
  const parsed = image && parseReference(image.text);
  return !isStage && parsed?.ok === true && parsed.reference.fullName === reference.fullName;
}

function inTheLine({ advised, reference }: ParsedBase): string {
  if (reference.digest !== undefined)
    return `write the image in the FROM line, as in ${taggedText(reference)}@sha256:…`;
  return `put the digest in the FROM line, as in ${advised}@sha256:…, and update it whenever the tag changes`;
}
