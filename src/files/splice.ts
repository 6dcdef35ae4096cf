/**
 * Writes digests or names into the text of a file. Only the texts of images change: the result is parsed again, and a change that alters
 * anything else is omitted with a reason.
 */
import type { ImageReference } from '../image/reference.ts';
import { applyEdits, type Edit, editOf, type ImageLocation, nameEdits } from '../pinning/image-location.ts';
import { splitImage } from '../pinning/kustomize/images-entry.ts';
import { findImages } from './image-locations/find.ts';
import type { FindOptions } from './image-locations/format.ts';
import { changedValues, type ChangedValue } from './yaml/value-changes.ts';
import { parseDocuments } from './yaml/yaml.ts';

/** A new digest, or a new name: that of the reference, without its tag and digest. */
export type Change =
  | { readonly location: ImageLocation; readonly digest: string }
  | { readonly location: ImageLocation; readonly name: ImageReference };

export interface SpliceResult {
  readonly text: string;
  readonly edits: readonly Edit[];
  /** Why a change was omitted. */
  readonly omitted: ReadonlyMap<ImageLocation, string>;
}

export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly locations: readonly ImageLocation[];
}

export function splice(source: SourceFile, changes: readonly Change[], options: FindOptions): SpliceResult {
  const omitted = new Map<ImageLocation, string>();
  for (;;) {
    const left = changes.filter(({ location }) => !omitted.has(location));
    const before = omitted.size;
    for (const [location, why] of overlapping(left)) omitted.set(location, why);
    if (omitted.size > before) continue;
    const edits = left.flatMap(editsOf);
    const text = applyEdits(source.text, edits);
    if (left.length === 0) return { text, edits, omitted };
    for (const [location, why] of faultyChanges(source, { text, changes: left, options })) omitted.set(location, why);
    if (omitted.size === before) return { text, edits, omitted };
  }
}

function editsOf(change: Change): readonly Edit[] {
  const { target, name } = change.location;
  if ('digest' in change) return target.ok ? [editOf(target, change.digest)] : [];
  return name?.ok === true ? nameEdits(name, change.name) : [];
}

type Omission = readonly [ImageLocation, string];

/** Finds texts that belong to two different images, such as a tag with an anchor. */
function overlapping(changes: readonly Change[]): readonly Omission[] {
  const sorted = changes
    .flatMap((change) => editsOf(change).map((edit) => ({ edit, change })))
    .toSorted((one, other) => one.edit.from - other.edit.from || one.edit.to - other.edit.to);
  const omissions: Omission[] = [];
  for (const [index, { edit, change }] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next === undefined || next.edit.from > edit.to || (next.edit.from === edit.to && edit.to > edit.from)) continue;
    if (next.edit.from === edit.from && next.edit.to === edit.to && next.edit.text === edit.text) continue;
    const why = 'another image shares its text through an anchor (&name); write both images out';
    omissions.push([change.location, why], [next.change.location, why]);
  }
  return omissions;
}

interface Result {
  readonly text: string;
  readonly changes: readonly Change[];
  readonly options: FindOptions;
}

const MORE = 'not written: the edit would change more than images; report this bug';

function faultyChanges(source: SourceFile, result: Result): readonly Omission[] {
  const { changes, options, text } = result;
  const all = (): readonly Omission[] => changes.map(({ location }) => [location, MORE]);
  if (source.locations.some(({ address }) => address.kind === 'value')) {
    const unexpectedChanges = unexpectedIn(source, text, changes);
    if (unexpectedChanges === undefined) return all();
    if (unexpectedChanges.length > 0) return omissionsOf(unexpectedChanges, changes);
  }
  const byOffset = new Map(changes.map((change) => [change.location.offset, change]));
  const after = findImages(source.file, text, options).locations;
  const same = source.locations.every((location, index) =>
    isExpected(location, after[index], byOffset.get(location.offset)),
  );
  return same && after.length === source.locations.length ? [] : all();
}

function isExpected(before: ImageLocation, after: ImageLocation | undefined, change: Change | undefined): boolean {
  if (after === undefined || change === undefined) return after?.image === before.image;
  if ('name' in change) return after.image === withName(before.image, change.name);
  return after.content.state === 'image' && after.content.reference.digest === change.digest;
}

/** Returns an image with the name of another one. */
export function withName(image: string, { repository }: ImageReference): string {
  return `${repository}${image.slice(splitImage(image).name.length)}`;
}

/** Returns undefined if the number of documents changed. */
function unexpectedIn(
  { text: before, locations }: SourceFile,
  after: string,
  changes: readonly Change[],
): readonly ChangedValue[] | undefined {
  const expected = new Set([...locations.flatMap(valuesAt), ...changes.flatMap(namesAt)]);
  return changedValues(parseDocuments(before), parseDocuments(after))?.filter(
    (change) => !expected.has(nameOf(change)) && !isExtension(change.pointer),
  );
}

/** The values that change with a digest. */
function valuesAt({ address }: ImageLocation): readonly string[] {
  if (address.kind === 'text') return [];
  const { document, pointer, also = [] } = address;
  return [pointer, ...also].map((one) => nameOf({ document, pointer: one }));
}

/** The values that change with a name. */
function namesAt({ location: { address, name } }: Change): readonly string[] {
  if (address.kind === 'text' || name?.ok !== true) return [];
  return (name.values ?? []).map((pointer) => nameOf({ document: address.document, pointer }));
}

function nameOf({ document, pointer }: Pick<ChangedValue, 'document' | 'pointer'>): string {
  return `${document} ${pointer}`;
}

/** Top-level `x-` fields of Compose files contain anchors and have no other meaning. */
export function isExtension(pointer: string): boolean {
  return /^\/x-[^/]*(?:\/|$)/.test(pointer);
}

/** Omits the changes at the offsets of other changed values, or all changes if there are none. */
function omissionsOf(unexpectedChanges: readonly ChangedValue[], changes: readonly Change[]): readonly Omission[] {
  const byOffset = new Map(unexpectedChanges.map((change) => [change.offset, change]));
  const omissions = changes.flatMap(({ location }): readonly Omission[] => {
    const other = offsetsOf(location).flatMap((offset) => byOffset.get(offset) ?? [])[0];
    if (other === undefined) return [];
    const { pointer, line } = other;
    return [[location, `${pointer} (line ${line}) shares its text through an anchor; write both values out`]];
  });
  return omissions.length > 0 ? omissions : changes.map(({ location }) => [location, MORE]);
}

/** The offsets of the values that a location can change; a piece in quotes begins after them. */
function offsetsOf({ offset, name }: ImageLocation): readonly number[] {
  const pieces = name?.ok === true ? name.pieces : [];
  return [offset, ...pieces.flatMap(({ from }) => [from, from - 1])];
}
