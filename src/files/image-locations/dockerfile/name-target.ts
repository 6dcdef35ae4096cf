/**
 * Finds the place for another name of a base image: in FROM, or in the ARG that has the name if no other image and no stage uses it
 * for something else.
 */
import { parseReference } from '../../../image/reference.ts';
import { quoteValue } from '../../../image/quote.ts';
import { nameLength, type NameTarget } from '../../../pinning/image-location.ts';
import { namePlace } from '../edit-target.ts';
import { hasVariableBefore, type NameText, nameTextOf } from '../last-piece.ts';
import type { TracedText } from '../traced-text.ts';
import type { Declaration } from './arguments.ts';
import { type BaseImage, type FileContext, isIn, namesIn, type ParsedBase } from './digest-target.ts';

export function baseName(base: ParsedBase, context: FileContext): NameTarget {
  const place = nameTextOf(base.image, base.reference);
  const { declarations } = context;
  if (place === undefined || !beginsText(base.written, place.from, declarations)) return inPieces(base);
  const owner = declarations.find(({ written }) => isIn(written, place.from));
  const reason = base.written.text.includes('$') ? sideEffect(base, { place, owner }, context) : undefined;
  return reason === undefined ? namePlace(place) : { ok: false, reason };
}

const FIRST_VARIABLE = /^["']?(?:\$\{\w+:?-)*\$\{?(\w+)/;

/** Reports whether the name is at the start of the image, whatever the values of the ARGs. An ARG sees only earlier declarations. */
function beginsText(written: TracedText, start: number, declarations: readonly Declaration[]): boolean {
  if (written.offsets.includes(start)) return !hasVariableBefore(written, start);
  const [, first] = FIRST_VARIABLE.exec(written.text) ?? [];
  const index = declarations.findLastIndex(({ name }) => name === first);
  const declared = declarations[index];
  return declared !== undefined && beginsText(declared.written, start, declarations.slice(0, index));
}

function inPieces({ written }: ParsedBase): NameTarget {
  const names = namesIn(written);
  const reason =
    names.length === 0
      ? 'it spans two lines; write it on one line'
      : `its name is built from ARG ${names.join(', ')}; write the name in the FROM line, or use one ARG for the whole name`;
  return { ok: false, reason };
}

/** No name of an image that is in use. */
const PROBE = 'registry.invalid/probe';

interface PlannedName {
  readonly place: NameText;
  readonly owner: Declaration | undefined;
}

/** Finds side effects of another name through patterns and other ARGs. */
function sideEffect(
  base: ParsedBase,
  { place, owner }: PlannedName,
  { bases, inStages, outcomeOf }: FileContext,
): string | undefined {
  const { images, values } = outcomeOf({ ...place, text: PROBE });
  const own = bases.findIndex(({ written }) => written === base.written);
  const wanted = renamed(base);
  if (images.get(own) !== wanted) return 'its name is changed by a pattern; write the name in the FROM line';
  if (owner === undefined) return undefined;
  for (const [index, image] of images) {
    const other = bases[index];
    if (other === undefined || isRenamed(other, image, base)) continue;
    return `ARG ${owner.name} is also part of ${quoteValue(other.image?.text ?? other.written.text, 256)} (line ${other.line}); give each image its own ARG`;
  }
  for (const [name, line] of inStages) {
    if (!values.has(name) || values.get(name) === base.image.text) continue;
    return `ARG ${name} is also used inside a stage (line ${line}); write the name in the FROM line`;
  }
  return undefined;
}

/** Reports whether another image has the same name, so that it changes in the same way. */
function isRenamed({ image, isStage }: BaseImage, after: string | undefined, { reference }: ParsedBase): boolean {
  const parsed = image && parseReference(image.text);
  if (isStage || image === undefined || parsed?.ok !== true) return false;
  return parsed.reference.repository === reference.repository && after === renamed({ image, reference: parsed.reference });
}

function renamed({ image, reference }: Pick<ParsedBase, 'image' | 'reference'>): string {
  return `${PROBE}${image.text.slice(nameLength(reference))}`;
}
