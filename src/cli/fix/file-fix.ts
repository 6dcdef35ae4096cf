/** Combines the fixes of one file, and leaves out those that would change anything else in it. */
import { findImages } from '../../files/image-locations/find.ts';
import type { ReplaceResult } from '../../files/replace-file.ts';
import { isExtension } from '../../files/splice.ts';
import { writeInput } from '../../files/write-input.ts';
import { changedValues } from '../../files/yaml/value-changes.ts';
import { parseDocuments } from '../../files/yaml/yaml.ts';
import { applyEdits, type Edit } from '../../pinning/image-location.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { type ChangedPlace, type Mend, type MendResult, refused } from './mend.ts';

export interface FileFix {
  readonly file: string;
  readonly text: string;
  readonly mends: readonly Mend[];
}

interface FileText {
  readonly file: string;
  readonly text: string;
  readonly kinds: KindTable;
}

export interface CombinedFixes {
  readonly mends: readonly Mend[];
  readonly refusals: readonly Refusal[];
}

export type Refusal = Extract<MendResult, { readonly ok: false }>;

const SHARED = 'another value shares its text through an anchor (&name); write both values out';

export function combined(given: FileText, mends: readonly Mend[]): CombinedFixes {
  if (changesOnly(given, mends)) return { mends, refusals: [] };
  const alone = mends.filter((mend) => changesOnly(given, sharing(mend, mends)));
  const kept = changesOnly(given, alone) ? alone : [];
  const refusals = mends.flatMap((mend) => {
    const result = kept.includes(mend) ? undefined : refused(mend.finding, SHARED);
    return result?.ok === false ? [result] : [];
  });
  return { mends: kept, refusals };
}

/** An anchor is changed once for all values that have a finding. */
function sharing({ edits }: Mend, all: readonly Mend[]): readonly Mend[] {
  const own = new Set(edits.map(nameOf));
  return all.filter((other) => other.edits.every((edit) => own.has(nameOf(edit))));
}

function nameOf({ from, to, text }: Edit): string {
  return `${from} ${to} ${text}`;
}

/** Digests come first: at one offset, a new line belongs after them. */
export function editsOf(mends: readonly Mend[]): readonly Edit[] {
  const edits = new Map(mends.flatMap((mend) => mend.edits.map((edit) => [nameOf(edit), edit] as const)));
  return [...edits.values()];
}

export function fixedText({ text, mends }: Pick<FileFix, 'text' | 'mends'>): string {
  return applyEdits(text, editsOf(mends));
}

export function writeFix(fix: FileFix, paths: readonly string[]): ReplaceResult {
  return writeInput(fix.file, { before: fix.text, after: fixedText(fix), paths });
}

function changesOnly(given: FileText, mends: readonly Mend[]): boolean {
  const after = fixedText({ text: given.text, mends });
  if (mends.some(({ changes }) => changes.length === 0)) return hasSameImages(given, after, mends);
  const places = mends.flatMap(({ changes }) => changes);
  const expected = new Set(places.map(placeName));
  const removed = new Set(places.filter(({ isRemoved }) => isRemoved).map(placeName));
  const changed = changedValues(parseDocuments(given.text), parseDocuments(after), (one) =>
    removed.has(placeName(one)),
  )?.filter(({ pointer }) => !isExtension(pointer));
  return changed?.every((one) => expected.has(placeName(one))) === true && changed.length === expected.size;
}

function placeName({ document, pointer }: ChangedPlace): string {
  return `${document} ${pointer}`;
}

/** In a Dockerfile, only the images with a finding have another text. */
function hasSameImages({ file, text, kinds }: FileText, after: string, mends: readonly Mend[]): boolean {
  const options = { kinds, helmImages: [] };
  const [before, now] = [text, after].map((one) => findImages(file, one, options).locations);
  if (before === undefined || now?.length !== before.length) return false;
  const changed = new Set(mends.map(({ finding: { line, column } }) => `${line} ${column}`));
  return before.every(
    ({ line, column, image }, index) => changed.has(`${line} ${column}`) || now[index]?.image === image,
  );
}
