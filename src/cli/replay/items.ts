/** What the lines of a recording result in, and how threads send it: one JSON text per line. */
import type { InputError } from '../../files/manifest-objects.ts';
import { isObject } from '../../pod/pointer.ts';
import type { RecordedRepeats } from '../../recording/format.ts';
import type { ReplayRow } from '../../recording/replay-row.ts';

export type ReplayItem =
  | { readonly row: ReplayRow }
  | { readonly repeats: Pick<RecordedRepeats, 'of' | 'count' | 'first' | 'last'> }
  | { readonly error: InputError }
  /** The id of a review that the filters leave out. */
  | { readonly skipped: string }
  /** Reviews that were not recorded. `at`: the key of the line that says so; undefined: the sum of several. */
  | { readonly dropped: number; readonly at?: string | undefined }
  /** Lines of other shards. */
  | { readonly others: number };

type RepeatsItem = Extract<ReplayItem, { readonly repeats: unknown }>;

/** Texts of items, or items. */
export type ItemChunk = string | readonly ReplayItem[];

/** Most of the text of a row would be keys, so these are left out. In the order of the keys of a row. */
const COLUMNS: readonly string[] = [
  'file',
  'line',
  'document',
  'id',
  'endpoint',
  'first',
  'last',
  'uid',
  'operation',
  'apiVersion',
  'kind',
  'namespace',
  'name',
  'user',
  'owner',
  'team',
  'count',
  'comparedWith',
  'change',
  'allowed',
] satisfies readonly (keyof ReplayRow)[];
const IS_COLUMN: ReadonlySet<string> = new Set(COLUMNS);

export function itemText(item: ReplayItem): string {
  return `${JSON.stringify('row' in item ? packed(item.row) : item)}\n`;
}

function packed(row: ReplayRow): readonly unknown[] {
  const values: Readonly<Record<string, unknown>> = { ...row };
  const columns = COLUMNS.map((column) => values[column]);
  const others = Object.entries(values).filter(([key, value]) => !IS_COLUMN.has(key) && value !== undefined);
  return others.length === 0 ? columns : [...columns, Object.fromEntries(others)];
}

function unpacked(values: readonly unknown[]): ReplayRow {
  const columns = Object.fromEntries(COLUMNS.map((column, index) => [column, values[index]]));
  const others = values[COLUMNS.length];
  // Written by packed.
  return { ...columns, ...(isObject(others) ? others : {}) } as unknown as ReplayRow;
}

function itemOf(text: string): ReplayItem {
  const value: unknown = JSON.parse(text);
  // Written by itemText.
  return Array.isArray(value) ? { row: unpacked(value) } : (value as ReplayItem);
}

export function* itemsIn(chunks: Iterable<ItemChunk>): Generator<ReplayItem, void> {
  for (const chunk of chunks) yield* typeof chunk === 'string' ? parsed(chunk) : chunk;
}

/** Does not parse the others. */
export function* repeatsIn(chunks: Iterable<ItemChunk>): Generator<RepeatsItem, void> {
  for (const chunk of chunks) {
    const items = typeof chunk === 'string' ? parsed(chunk, REPEATS_START) : chunk;
    for (const item of items) if ('repeats' in item) yield item;
  }
}

const REPEATS_START = '{"repeats":';

/** `start`: only those whose text starts with it. */
function* parsed(chunk: string, start = ''): Generator<ReplayItem, void> {
  for (const text of linesIn(chunk)) if (text.startsWith(start)) yield itemOf(text);
}

function* linesIn(text: string): Generator<string, void> {
  for (let from = 0, end = text.indexOf('\n'); end >= 0; from = end + 1, end = text.indexOf('\n', from))
    yield text.slice(from, end);
}
