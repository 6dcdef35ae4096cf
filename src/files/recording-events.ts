/** Reads the reviews of recordings one after the other. */
import type { RecordedRepeats } from '../recording/format.ts';
import { readRecordedReview } from '../recording/read-line.ts';
import { type CountedLines, countedLines, droppedKey, newDropped, twiceText } from '../recording/seen-lines.ts';
import type { Chunks } from './byte-queue.ts';
import { type InputError, unreadable } from './manifest-objects.ts';
import type { ObjectOptions, Recording } from './recorded-documents.ts';
import { recordedEntries, type RecordedEntry } from './recording-lines.ts';
import { type RecordingSource, recordingSources } from './recordings.ts';
import type { InputNotice } from './skipped-files.ts';

/** What one line of a recording contains. */
export type RecordedItem =
  | { readonly recording: Recording }
  | { readonly repeats: RecordedRepeats }
  | { readonly error: InputError };

export function recordedItem(file: string, entry: RecordedEntry): RecordedItem {
  const { line } = entry;
  if ('problem' in entry) return { error: { ...unreadable(file, entry.problem), line, column: 1 } };
  const { recorded } = entry;
  if (recorded.type === 'repeats') return { repeats: recorded };
  const read = readRecordedReview(recorded);
  if (read.ok) {
    const { review } = read;
    return { recording: { file, line, document: line, review, body: recorded.review, expected: undefined, recorded } };
  }
  return { error: { ...unreadable(file, `/review${read.pointer}: ${read.problem}`), line, column: 1 } };
}

/** `end`: all lines of type `repeats` about the reviews of a file came before. */
export type RecordingEvent =
  | RecordedItem
  /** A review that counted in an earlier copy of the file. Lines of type `repeats` can follow, with what that copy does not have. */
  | { readonly again: Recording }
  | { readonly notice: InputNotice }
  | { readonly end: string };

/** Reads all reviews one after the other, each once, in constant memory. */
export async function* recordingEvents(
  paths: readonly string[],
  stdin: Chunks,
  objects?: ObjectOptions,
): AsyncGenerator<RecordingEvent, void> {
  const { sources } = await recordingSources(paths, stdin, undefined, objects);
  const known: KnownLines = { counted: countedLines(), isNewDropped: newDropped(), twice: 0 };
  for await (const source of sources) {
    if (source.form === 'lines') yield* lineEvents(source, known);
    else yield* eventsOf(source);
    if ('file' in source) yield { end: source.file };
  }
  if (known.twice > 0) yield { notice: { file: '', line: null, column: null, message: twiceText(known.twice) } };
}

interface KnownLines {
  readonly counted: CountedLines;
  readonly isNewDropped: (key: string) => boolean;
  /** Reviews that were left out. */
  twice: number;
}

type Lines = Extract<RecordingSource, { readonly form: 'lines' }>;

async function* lineEvents({ file, content }: Lines, known: KnownLines): AsyncGenerator<RecordingEvent, void> {
  const copies = fileCopies(known.counted);
  for await (const entry of recordedEntries(file, content.read())) {
    if ('problem' in entry) yield recordedItem(file, entry);
    else {
      const { recorded, line } = entry;
      const isTold = recorded.dropped > 0 && !known.isNewDropped(droppedKey(recorded));
      const own = isTold ? { ...recorded, dropped: 0 } : recorded;
      const twice = own.type === 'review' ? copies.review(own.id) : copies.repeats(own);
      known.twice += twice;
      yield* itemEvents(recordedItem(file, { recorded: own, line }), twice);
    }
  }
  copies.end();
}

/** `twice`: how many of the reviews came before. A line that cannot be read was an error then. */
function* itemEvents(item: RecordedItem, twice: number): Generator<RecordingEvent, void> {
  if (twice === 0) yield item;
  else if ('recording' in item) yield { again: item.recording };
  else if ('repeats' in item && item.repeats.count > twice)
    yield { repeats: { ...item.repeats, count: item.repeats.count - twice } };
}

/** Both return how many of the reviews came before. */
interface FileCopies {
  review(id: string): number;
  repeats(repeats: RecordedRepeats): number;
  end(): void;
}

/** In a file, later occurrences follow earlier ones. */
function fileCopies(counted: CountedLines): FileCopies {
  /** `before`: occurrences that counted; `count`: those in the lines of this copy so far. */
  const copies = new Map<string, { readonly before: number; count: number }>();
  return {
    review(id) {
      const known = copies.get(id);
      const before = Math.max(counted.before(id), known?.before ?? 0, known?.count ?? 0);
      if (before > 0) copies.set(id, { before, count: 1 });
      return before > 0 ? 1 : 0;
    },
    repeats({ of, count }) {
      const copy = copies.get(of) ?? { before: 0, count: 1 };
      const twice = Math.min(count, Math.max(0, copy.before - copy.count));
      copies.set(of, { ...copy, count: copy.count + count });
      return twice;
    },
    end() {
      for (const [id, { before, count }] of copies) counted.raise(id, Math.max(before, count));
    },
  };
}

function* eventsOf(source: Exclude<RecordingSource, { readonly form: 'lines' }>): Generator<RecordingEvent, void> {
  if (source.form === 'reviews') {
    for (const recording of source.recordings) yield { recording };
    for (const error of source.errors) yield { error };
  }
  for (const notice of source.notices) yield { notice };
}
