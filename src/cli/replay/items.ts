/** What the lines of a recording result in, and how threads send it: one JSON text per line. */
import type { InputError } from '../../files/manifest-objects.ts';
import type { RecordedRepeats } from '../../recording/format.ts';
import type { CountableRow } from '../../recording/replay-row.ts';

export type ReplayItem =
  | { readonly row: CountableRow }
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

export function itemText(item: ReplayItem): string {
  return `${JSON.stringify(item)}\n`;
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
  for (const text of linesIn(chunk)) if (text.startsWith(start)) yield JSON.parse(text);
}

function* linesIn(text: string): Generator<string, void> {
  for (let from = 0, end = text.indexOf('\n'); end >= 0; from = end + 1, end = text.indexOf('\n', from))
    yield text.slice(from, end);
}
