/**
 * Digests into the text of a file. Only the texts of images change; what comes out is read again, and where it means
 * anything else than the same with these digests, the change that did it is left out and said why.
 */
import { applyEdits, type Edit, editOf, type ImagePlace } from '../pinning/image-location.ts';
import { type FindOptions, findImages } from './image-locations/find.ts';
import { changedValues, type ChangedValue } from './yaml/value-changes.ts';
import { readDocuments } from './yaml/yaml.ts';

export interface Change {
  readonly place: ImagePlace;
  readonly digest: string;
}

export interface Spliced {
  readonly text: string;
  readonly edits: readonly Edit[];
  /** Why a change was left out. */
  readonly refused: ReadonlyMap<ImagePlace, string>;
}

export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly places: readonly ImagePlace[];
}

export function splice(source: SourceFile, changes: readonly Change[], options: FindOptions): Spliced {
  const refused = new Map<ImagePlace, string>();
  for (;;) {
    const left = changes.filter(({ place }) => !refused.has(place));
    const before = refused.size;
    for (const [place, why] of overlapping(left)) refused.set(place, why);
    if (refused.size > before) continue;
    const edits = left.flatMap(editsOf);
    const text = applyEdits(source.text, edits);
    if (left.length === 0) return { text, edits, refused };
    for (const [place, why] of wrongIn(source, { text, changes: left, options })) refused.set(place, why);
    if (refused.size === before) return { text, edits, refused };
  }
}

function editsOf({ place: { slot }, digest }: Change): readonly Edit[] {
  return slot.ok ? [editOf(slot, digest)] : [];
}

type Refusal = readonly [ImagePlace, string];

/** One text that stands for parts of two different images, such as a tag with an anchor. */
function overlapping(changes: readonly Change[]): readonly Refusal[] {
  const sorted = changes
    .flatMap((change) => editsOf(change).map((edit) => ({ edit, change })))
    .toSorted((one, other) => one.edit.from - other.edit.from || one.edit.to - other.edit.to);
  const refusals: Refusal[] = [];
  for (const [index, { edit, change }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next === undefined || next.edit.from > edit.to || (next.edit.from === edit.to && edit.to > edit.from)) continue;
    if (next.edit.from === edit.from && next.edit.to === edit.to && next.edit.text === edit.text) continue;
    const why = 'its text is also that of another image, through an anchor (&name): write it out';
    refusals.push([change.place, why], [next.change.place, why]);
  }
  return refusals;
}

interface Result {
  readonly text: string;
  readonly changes: readonly Change[];
  readonly options: FindOptions;
}

const MORE = 'the change would reach more than images, so it was not made: please report it';

function wrongIn(source: SourceFile, result: Result): readonly Refusal[] {
  const { changes, options, text } = result;
  const all = (): readonly Refusal[] => changes.map(({ place }) => [place, MORE]);
  if (source.places.some(({ target }) => target.kind === 'value')) {
    const wrong = unexpected(source, text);
    if (wrong === undefined) return all();
    if (wrong.length > 0) return blame(wrong, changes);
  }
  const digests = new Map(changes.map(({ place, digest }) => [place.offset, digest]));
  const after = findImages(source.file, text, options).places;
  const same = source.places.every((place, index) => isAsWanted(place, after[index], digests.get(place.offset)));
  return same && after.length === source.places.length ? [] : all();
}

function isAsWanted(before: ImagePlace, after: ImagePlace | undefined, digest: string | undefined): boolean {
  if (after === undefined || digest === undefined) return after?.image === before.image;
  return after.reading.state === 'image' && after.reading.reference.digest === digest;
}

/** Undefined where documents came or went. */
function unexpected({ text: before, places }: SourceFile, after: string): readonly ChangedValue[] | undefined {
  const expected = new Set(
    places.flatMap(({ target }) => {
      if (target.kind === 'text') return [];
      const { document, pointer, also = [] } = target;
      return [pointer, ...also].map((one) => nameOf({ document, pointer: one }));
    }),
  );
  return changedValues(readDocuments(before), readDocuments(after))?.filter(
    (change) => !expected.has(nameOf(change)) && !isExtension(change.pointer),
  );
}

function nameOf({ document, pointer }: Pick<ChangedValue, 'document' | 'pointer'>): string {
  return `${document} ${pointer}`;
}

/** Compose: top-level `x-` fields are where anchors are kept, and mean nothing themselves. */
function isExtension(pointer: string): boolean {
  return /^\/x-[^/]*(?:\/|$)/.test(pointer);
}

/** Whoever stands where another value was changed; where nobody does, all are left out. */
function blame(wrong: readonly ChangedValue[], changes: readonly Change[]): readonly Refusal[] {
  const byOffset = new Map(wrong.map((change) => [change.offset, change]));
  const refusals = changes.flatMap(({ place }): readonly Refusal[] => {
    const other = byOffset.get(place.offset);
    if (other === undefined) return [];
    const { pointer, line } = other;
    return [[place, `its text is also the value of ${pointer} (line ${line}), through an anchor: write it out`]];
  });
  return refusals.length > 0 ? refusals : changes.map(({ place }) => [place, MORE]);
}
