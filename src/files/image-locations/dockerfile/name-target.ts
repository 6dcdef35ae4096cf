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
import type { Outcome } from './outcome.ts';

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
function sideEffect(base: ParsedBase, { place, owner }: PlannedName, context: FileContext): string | undefined {
  const outcome = context.outcomeOf({ ...place, text: PROBE });
  const own = context.bases.findIndex(({ written }) => written === base.written);
  if (outcome.images.get(own) !== renamed(base))
    return 'its name is changed by a pattern; write the name in the FROM line';
  if (owner === undefined) return undefined;
  return sharedArgument(base, owner, { ...context, outcome }) ?? usedInStage(base, { ...context, outcome });
}

type AfterEdit = FileContext & { readonly outcome: Outcome };

function sharedArgument(base: ParsedBase, { name }: Declaration, { bases, outcome }: AfterEdit): string | undefined {
  const [other] = [...outcome.images].flatMap(([index, image]) => {
    const one = bases[index];
    return one === undefined || isRenamed(one, image, base) ? [] : [one];
  });
  if (other === undefined) return undefined;
  const { image, written, line } = other;
  return `ARG ${name} is also part of ${quoteValue(image?.text ?? written.text, 256)} (line ${line}); give each image its own ARG`;
}

/** A whole image has no other use. */
function usedInStage({ image }: ParsedBase, { inStages, outcome: { values } }: AfterEdit): string | undefined {
  const [used] = [...inStages].filter(([name]) => values.has(name) && values.get(name) !== image.text);
  return used && `ARG ${used[0]} is also used inside a stage (line ${used[1]}); write the name in the FROM line`;
}

/** Reports whether another image has the same name, so that it changes in the same way. */
function isRenamed({ image, isStage }: BaseImage, after: string | undefined, { reference }: ParsedBase): boolean {
  const parsed = image && parseReference(image.text);
  if (isStage || image === undefined || parsed?.ok !== true) return false;
  return (
    parsed.reference.repository === reference.repository && after === renamed({ image, reference: parsed.reference })
  );
}

function renamed({ image, reference }: Pick<ParsedBase, 'image' | 'reference'>): string {
  return `${PROBE}${image.text.slice(nameLength(reference))}`;
}
