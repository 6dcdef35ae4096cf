/** Finds repeated keys in maps: Go, and therefore kubectl, silently uses the last value. */
import { quoteValue } from '../../image/quote.ts';
import type { InputNotice } from '../skipped-files.ts';
import {
  entriesOf,
  isLinked,
  isMerged,
  keyOffsetOf,
  type Outline,
  type Position,
  repeatsName,
  rowsOf,
} from './positions.ts';

export interface RepeatedKey {
  readonly key: string;
  /** At least two, in the order of the text. */
  readonly positions: readonly Position[];
  /** True if all keys are strings, or all are numbers; of `1` and `"1"`, kubectl uses either. */
  readonly isLastTaken: boolean;
}

/** Finds repeated keys in a document. Entries of a merge key do not count. */
export function repeatedKeysIn(
  outline: Outline,
  root: number,
  positionAt: (offset: number) => Position,
): readonly RepeatedKey[] {
  const repeated: RepeatedKey[] = [];
  for (const row of rowsOf(outline, root)) {
    if (isLinked(outline, row) || !repeatsName(outline, row)) continue;
    const entries = entriesOf(outline, row).filter(([, entry]) => !isMerged(outline, entry));
    for (const [key, same] of Map.groupBy(entries, ([name]) => name)) {
      if (same.length < 2) continue;
      repeated.push({
        key,
        positions: same.map(([, entry]) => positionAt(keyOffsetOf(outline, entry))),
        isLastTaken: new Set(same.map(([, entry]) => outline.keyKinds?.get(entry))).size === 1,
      });
    }
  }
  return repeated;
}

const MAX_TOLD = 10;

/** See ParsedDocument. */
type KeyedDocument = { readonly ok: true; repeatedKeys(): readonly RepeatedKey[] } | { readonly ok: false };

/** Notices about the keys in all documents of a file. */
export function repeatedKeyNotices(file: string, documents: readonly KeyedDocument[]): readonly InputNotice[] {
  return noticesOfKeys(
    file,
    documents.flatMap((document) => (document.ok ? document.repeatedKeys() : [])),
  );
}

/** Creates one notice for each key, at the used value, up to a maximum and then one with the number of the others. */
export function noticesOfKeys(file: string, all: readonly RepeatedKey[]): readonly InputNotice[] {
  const notices = all.slice(0, MAX_TOLD).map((repeated) => noticeFor(file, repeated));
  const more = all.length - notices.length;
  if (more === 0) return notices;
  const message = `${more} more ${more === 1 ? 'key is' : 'keys are'} repeated in ${quoteValue(file, 256)}`;
  return [...notices, { file, line: null, column: null, message }];
}

function noticeFor(file: string, { key, positions, isLastTaken }: RepeatedKey): InputNotice {
  const { line = 1, column = 1 } = positions.at(-1) ?? {};
  const lines = positions.map((position) => String(position.line));
  const isOneLine = new Set(lines).size === 1;
  const where = isOneLine
    ? ` in line ${line}`
    : `: line${lines.length > 2 ? 's' : ''} ${lines.slice(0, -1).join(', ')} and line ${line}`;
  const taken = isLastTaken
    ? `only the ${isOneLine ? 'last value' : `value at line ${line}`} is used`
    : 'they differ in type (string, number, boolean), so kubectl can use any of them; keep only one';
  const message = `key ${quoteValue(key)} is repeated${where}; ${taken}`;
  return { file, line, column, message };
}
