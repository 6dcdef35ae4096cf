/**
 * Writes digests into the text of a file. Only the texts of images change: the result is parsed again, and a change that alters
 * anything else is omitted with a reason.
 */
import { applyEdits, type Edit, editOf, type ImageLocation } from '../pinning/image-location.ts';
import { findImages } from './image-locations/find.ts';
import type { FindOptions } from './image-locations/format.ts';
import { changedValues, type ChangedValue } from './yaml/value-changes.ts';
import { parseDocuments } from './yaml/yaml.ts';

export interface Change {
  readonly location: ImageLocation;
  readonly digest: string;
}

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

function editsOf({ location: { target }, digest }: Change): readonly Edit[] {
  return target.ok ? [editOf(target, digest)] : [];
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
    const unexpectedChanges = unexpectedIn(source, text);
    if (unexpectedChanges === undefined) return all();
    if (unexpectedChanges.length > 0) return omissionsOf(unexpectedChanges, changes);
  }
  const digests = new Map(changes.map(({ location, digest }) => [location.offset, digest]));
  const after = findImages(source.file, text, options).locations;
  const same = source.locations.every((location, index) =>
    isExpected(location, after[index], digests.get(location.offset)),
  );
  return same && after.length === source.locations.length ? [] : all();
}

function isExpected(before: ImageLocation, after: ImageLocation | undefined, digest: string | undefined): boolean {
  if (after === undefined || digest === undefined) return after?.image === before.image;
  return after.content.state === 'image' && after.content.reference.digest === digest;
}

/** Returns undefined if the number of documents changed. */
function unexpectedIn({ text: before, locations }: SourceFile, after: string): readonly ChangedValue[] | undefined {
  const expected = new Set(
    locations.flatMap(({ address }) => {
      if (address.kind === 'text') return [];
      const { document, pointer, also = [] } = address;
      return [pointer, ...also].map((one) => nameOf({ document, pointer: one }));
    }),
  );
  return changedValues(parseDocuments(before), parseDocuments(after))?.filter(
    (change) => !expected.has(nameOf(change)) && !isExtension(change.pointer),
  );
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
    const other = byOffset.get(location.offset);
    if (other === undefined) return [];
    const { pointer, line } = other;
    return [[location, `${pointer} (line ${line}) shares its text through an anchor; write both values out`]];
  });
  return omissions.length > 0 ? omissions : changes.map(({ location }) => [location, MORE]);
}
