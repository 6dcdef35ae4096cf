/** Reads recorded reviews: recordings of `serve`, AdmissionReviews with or without expected results, objects, and lists of them. */
import { createReadStream, statSync } from 'node:fs';
import { byteQueue, type ByteQueue, type Chunks } from './byte-queue.ts';
import { filePieces } from './file-pieces.ts';
import { inflated, PIECE_BYTES, untilCut } from './inflate.ts';
import { type Input, loadInputs, READ_TWICE } from './input-texts.ts';
import { loadStream, type TextOrProblem } from './load-text.ts';
import { unreadable } from './manifest-objects.ts';
import { beginsWithLines, besideRecordings, isRecording, recordingFiles } from './recording-files.ts';
import { chunkProblem } from './recording-lines.ts';
import { type FoundReviews, type ObjectOptions, reviewsInText } from './recorded-documents.ts';
import { type InputNotice, type SkippedFile, skippedNotices } from './skipped-files.ts';
import { type FileNames, isManifestName, isNew, statOrProblem } from './walk.ts';

/** Lines, without compression. */
export interface LineContent {
  read(): Chunks;
  /** It is a file, which can be read more than once. */
  readonly isFile: boolean;
  /** What is known about its reviews may not fit into memory. Little compressed content can be large as well. */
  readonly isLarge: boolean;
}

/** What a path contains. */
export type RecordingSource =
  /** Lines of a recording of `serve`. */
  | { readonly form: 'lines'; readonly file: string; readonly content: LineContent }
  /** Reviews in JSON or YAML, or a file that cannot be read. */
  | ({ readonly form: 'reviews'; readonly file: string } & FoundReviews)
  /** After all files. */
  | { readonly form: 'skipped'; readonly notices: readonly InputNotice[] };

export interface RecordingSources {
  /** The size of the files that `serve` recorded, as they are on disk. */
  readonly bytes: number;
  /** A file of a recording is large. */
  readonly isLarge: boolean;
  readonly sources: AsyncGenerator<RecordingSource, void>;
}

/**
 * Recordings of `serve` in files come first. `onPiece` gets what was read of recordings, as it is on disk. `objects`: how objects with images are
 * read; by default, with the built-in kinds.
 */
export async function recordingSources(
  paths: readonly string[],
  stdin: Chunks,
  onPiece: OnPiece = () => undefined,
  objects?: ObjectOptions,
): Promise<RecordingSources> {
  const sorted = await sortPaths(paths);
  return {
    bytes: sorted.segments.reduce((sum, file) => sum + sizeOf(file), 0),
    isLarge: sorted.segments.some(isLarge),
    sources: sourcesIn(sorted, { stdin, onPiece, objects }),
  };
}

interface SourceOptions {
  readonly stdin: Chunks;
  readonly onPiece: OnPiece;
  readonly objects: ObjectOptions | undefined;
}

type OnPiece = (piece: Uint8Array | string) => void;

async function* sourcesIn(
  { segments, unread, streams, others, beside }: SortedPaths,
  { stdin, onPiece, objects }: SourceOptions,
): AsyncGenerator<RecordingSource, void> {
  for (const file of segments) {
    const content = {
      read: () => untilCut(inflated(observed(filePieces(file), onPiece), { freesPieces: true })),
      isFile: true,
      isLarge: isLarge(file),
    };
    yield { form: 'lines', file, content };
  }
  for (const { file, problem } of unread) yield { form: 'reviews', file, ...reviewsIn(file, { problem }) };
  for (const [index, path] of streams.entries()) {
    if (path !== '-') yield await sourceIn(path, observed(createReadStream(path), onPiece), objects);
    else if (streams.indexOf(path) === index) yield await sourceIn('stdin', observed(stdin, onPiece), objects);
    else yield { form: 'reviews', file: 'stdin', ...reviewsIn('stdin', READ_TWICE) };
  }
  const skipped: SkippedFile[] = beside.map((one) => ({ path: one, why: 'beside' }));
  for await (const input of loadInputs(others, { names: NAMES, onSkipped: (one) => void skipped.push(one) })) {
    if (input.hidden && !holdsReview(input)) skipped.push({ path: input.path, why: 'hidden' });
    else yield { form: 'reviews', file: input.path, ...reviewsIn(input.path, input, objects) };
  }
  yield { form: 'skipped', notices: skippedNotices(skipped, 'AdmissionReview') };
}

/** A directory with segments has none of the others. */
const NAMES: FileNames = { accepts: isManifestName, described: '.ndjson, .yaml, .yml, or .json' };

const MEBIBYTE = 1024 * 1024;

/** What is known about the reviews of a smaller file fits into memory, and reading it twice takes a tenth of the time of a replay. */
function isLarge(file: string): boolean {
  const limit = file.endsWith('.ndjson') ? 128 * MEBIBYTE : MEBIBYTE;
  return sizeOf(file) > limit;
}

/** 0 for a file that a server has removed in the meantime; reading it is an error. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function* observed(stream: Chunks, onPiece: OnPiece): AsyncGenerator<Uint8Array | string, void> {
  for await (const piece of stream) {
    onPiece(piece);
    yield piece;
  }
}

interface SortedPaths {
  /** Files that `serve` recorded. */
  readonly segments: readonly string[];
  /** What has the name of a segment, in a directory, and cannot be read. */
  readonly unread: readonly { readonly file: string; readonly problem: string }[];
  /** Standard input, and pipes, which can be read only once. */
  readonly streams: readonly string[];
  readonly others: readonly string[];
  /** Not read: what else is in directories with segments. */
  readonly beside: readonly string[];
}

async function sortPaths(paths: readonly string[]): Promise<SortedPaths> {
  const segments: string[] = [];
  const unread: { file: string; problem: string }[] = [];
  const streams: string[] = [];
  const others: string[] = [];
  const beside: string[] = [];
  const seen = new Set<string>();
  const add = (file: string): void => {
    if (isNew(file, seen)) segments.push(file);
  };
  const addFound = (file: string): void => {
    const problem = problemOf(statOrProblem(file));
    if (problem === undefined) add(file);
    else unread.push({ file, problem });
  };
  for (const named of paths) {
    const found = statOrProblem(named);
    if (named === '-' || isPipe(found)) streams.push(named);
    else if (typeof found === 'string') others.push(named);
    else if (found.isDirectory()) {
      const files = recordingFiles(named);
      files.forEach(addFound);
      if (files.length === 0) others.push(named);
      else beside.push(...besideRecordings(named));
    } else if (await isRecording(named)) add(named);
    else others.push(named);
  }
  return { segments, unread, streams, others, beside };
}

/** A pipe in a directory is not read, because reading waits until another program writes to it. */
function problemOf(found: ReturnType<typeof statOrProblem>): string | undefined {
  if (typeof found === 'string') return found;
  return found.isFile() ? undefined : 'not a regular file';
}

function isPipe(found: ReturnType<typeof statOrProblem>): boolean {
  return typeof found !== 'string' && !found.isFile() && !found.isDirectory();
}

/** A stream can contain a recording or reviews, compressed or not. Only a recording can end early. */
async function sourceIn(file: string, stream: Chunks, objects: ObjectOptions | undefined): Promise<RecordingSource> {
  let cut: unknown;
  const queue = byteQueue(untilCut(inflated(stream), (error) => (cut = error)));
  try {
    const isLines = await beginsWithLines(queue);
    const content = restOf(queue);
    if (isLines) return { form: 'lines', file, content: { read: () => content, isFile: false, isLarge: false } };
    const text = await loadStream(content);
    if (cut !== undefined) throw cut;
    return { form: 'reviews', file, ...reviewsIn(file, text, objects) };
  } catch (error) {
    return { form: 'reviews', file, ...reviewsIn(file, { problem: chunkProblem(error) }) };
  }
}

async function* restOf(queue: ByteQueue): AsyncGenerator<Buffer, void> {
  try {
    for (let piece = await queue.take(PIECE_BYTES); piece.length > 0; piece = await queue.take(PIECE_BYTES))
      yield piece;
  } finally {
    await queue.close();
  }
}

function reviewsIn(file: string, input: TextOrProblem, objects?: ObjectOptions): FoundReviews {
  if ('problem' in input) return { recordings: [], errors: [unreadable(file, input.problem)], notices: [] };
  return reviewsInText(file, input.text, objects);
}

/** A hidden file without a review is not an error. */
function holdsReview(input: Input): boolean {
  return 'text' in input && input.text.includes('AdmissionReview');
}
