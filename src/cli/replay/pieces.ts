/** Evaluates sources in pieces, several at the same time, and returns the results in the order of the input. */
import { unreadable } from '../../files/manifest-objects.ts';
import { lineChunks } from '../../files/recording-chunks.ts';
import { chunkProblem } from '../../files/recording-lines.ts';
import type { LineContent, RecordingSource } from '../../files/recordings.ts';
import type { Evaluator } from './evaluator.ts';
import { type ItemChunk, itemsIn, repeatsIn } from './items.ts';
import type { ChunkEvaluator } from './pool.ts';
import type { TimeWindow } from '../../recording/time-window.ts';
import type { Shard } from './shard.ts';
import { ownRepeats } from './shard-lines.ts';
import { type WaitingItems, waitingItems } from './waiting-items.ts';
import { type WeightedItem, type Weights, weightsIn } from './weights.ts';

export interface Evaluators {
  readonly evaluator: Evaluator;
  readonly chunks: ChunkEvaluator;
  readonly window: TimeWindow;
  /** undefined: all reviews are evaluated. */
  readonly shard: Shard | undefined;
  /** After an abort, nothing more is read. */
  readonly stop: AbortSignal;
}

/** After the items of a source: the source. */
export type SourceResult = { readonly items: Iterable<WeightedItem> } | { readonly end: RecordingSource };

type Piece =
  | { readonly chunk: Promise<ItemChunk> }
  /** The counts of a file, before its chunks. A thread reads them. */
  | { readonly weights: Promise<Weights> }
  /** Reads the counts of a file whose chunks follow. */
  | { readonly readWeights: () => Promise<Weights> }
  | { readonly end: RecordingSource };

/** A source that was interrupted has the items so far. */
export async function* evaluatedSources(
  sources: AsyncIterable<RecordingSource>,
  evaluators: Evaluators,
): AsyncGenerator<SourceResult, void> {
  let counts = unknownCounts();
  try {
    for await (const piece of readAhead(piecesOf(sources, evaluators), evaluators.chunks.ahead)) {
      if ('weights' in piece) awaitWeights(piece.weights, counts);
      else if ('readWeights' in piece) counts.readWeights = piece.readWeights;
      else if ('chunk' in piece) yield* countedItems(await piece.chunk, counts);
      else {
        yield { items: endItems(counts.waiting, counts.weights ?? weightsOf(counts.waiting, evaluators.window)) };
        yield piece;
        counts.waiting.close();
        counts = unknownCounts();
      }
    }
  } finally {
    counts.waiting.close();
  }
}

/** How often the reviews of a source occurred. */
interface Counts {
  weights: Weights | undefined;
  /** undefined: a stream, which can be read only once. */
  readWeights: (() => Promise<Weights>) | undefined;
  /** Until the counts are known, at the latest at the end of the source. */
  readonly waiting: WaitingItems;
}

function unknownCounts(): Counts {
  return { weights: undefined, readWeights: undefined, waiting: waitingItems() };
}

/** If the thread fails, its chunks report that. */
function awaitWeights(weights: Promise<Weights>, counts: Counts): void {
  counts.readWeights = async () => weights;
  void weights.then(
    (known) => (counts.weights = known),
    () => undefined,
  );
}

async function* countedItems(chunk: ItemChunk, counts: Counts): AsyncGenerator<SourceResult, void> {
  counts.waiting.add(chunk);
  await boundMemory(counts);
  if (counts.weights !== undefined) yield { items: weightedItems(counts.waiting.take(), counts.weights) };
}

/** Reading a file again takes longer than writing items to another one. In characters. */
const MAX_WAITING = { file: 16 * 1024 * 1024, stream: 2 * 1024 * 1024 };

async function boundMemory(counts: Counts): Promise<void> {
  const { weights, readWeights, waiting } = counts;
  if (weights !== undefined) return;
  if (readWeights === undefined) {
    if (waiting.size() > MAX_WAITING.stream) waiting.spool();
  } else if (waiting.size() > MAX_WAITING.file) counts.weights = await readWeights();
}

function weightsOf(chunks: Iterable<ItemChunk>, window: TimeWindow): Weights {
  const weights = weightsIn(window);
  for (const { repeats } of repeatsIn(chunks)) weights.add(repeats);
  return weights;
}

function* endItems(chunks: Iterable<ItemChunk>, weights: Weights): Generator<WeightedItem, void> {
  yield* weightedItems(chunks, weights);
  const unmatched = weights.unmatched();
  if (unmatched > 0) yield { unmatched };
  const twice = weights.twice();
  if (twice > 0) yield { leftOut: 'twice', count: twice };
}

function* weightedItems(chunks: Iterable<ItemChunk>, weights: Weights): Generator<WeightedItem, void> {
  for (const item of itemsIn(chunks)) {
    const weighted = weights.weighted(item);
    if (weighted !== undefined) yield weighted;
  }
}

async function* readAhead(pieces: AsyncIterable<Piece>, limit: number): AsyncGenerator<Piece, void> {
  const waiting: Piece[] = [];
  for await (const piece of pieces) {
    // A failure is reported when it is the turn of its piece.
    if ('chunk' in piece) piece.chunk.catch(() => undefined);
    waiting.push(piece);
    if (waiting.length <= limit) continue;
    const first = waiting.shift();
    if (first !== undefined) yield first;
  }
  yield* waiting;
}

async function* piecesOf(sources: AsyncIterable<RecordingSource>, evaluators: Evaluators): AsyncGenerator<Piece, void> {
  for await (const source of sources) {
    if (source.form === 'lines') yield* chunkPieces(source, evaluators);
    else if (source.form === 'reviews') yield* reviewPieces(source, evaluators);
    yield { end: source };
    if (evaluators.stop.aborted) return;
  }
}

type SourceOf<Form extends RecordingSource['form']> = RecordingSource & { readonly form: Form };

async function* chunkPieces({ file, content }: SourceOf<'lines'>, evaluators: Evaluators): AsyncGenerator<Piece, void> {
  const { chunks, stop } = evaluators;
  if (content.isFile) yield await weightsPiece(file, content, evaluators);
  for await (const chunk of lineChunks(content.read(), chunks.memory)) {
    if (stop.aborted) return;
    if ('bytes' in chunk) yield { chunk: chunks.evaluate(file, chunk) };
    else {
      const error = { ...unreadable(file, chunkProblem(chunk.error)), line: chunk.line, column: 1 };
      yield { chunk: Promise.resolve([{ error }]) };
    }
  }
}

/** Without a thread, the counts of a large file are read before anything else. */
async function weightsPiece(file: string, { isLarge }: LineContent, evaluators: Evaluators): Promise<Piece> {
  const { chunks, window, stop } = evaluators;
  const readWeights = async (): Promise<Weights> => readWeightsHere(file, evaluators);
  if (!isLarge) return { readWeights };
  const repeats = chunks.repeatsOf(file);
  if (repeats === undefined) return { weights: Promise.resolve(await readWeights()) };
  return { weights: unlessStopped(repeats, stop).then((items) => weightsOf([items], window)) };
}

/** No items after an interruption, which waits for no thread. A signal that outlives the file keeps nothing of it. */
async function unlessStopped(items: Promise<ItemChunk>, stop: AbortSignal): Promise<ItemChunk> {
  const stopped = Promise.withResolvers<ItemChunk>();
  const onStop = (): void => stopped.resolve([]);
  stop.addEventListener('abort', onStop);
  try {
    return await Promise.race([items, stopped.promise]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}

async function readWeightsHere(file: string, { window, shard, stop }: Evaluators): Promise<Weights> {
  const weights = weightsIn(window);
  for await (const repeats of ownRepeats(file, shard)) {
    if (stop.aborted) break;
    weights.add(repeats);
  }
  return weights;
}

async function* reviewPieces(
  { recordings, errors }: SourceOf<'reviews'>,
  { evaluator, stop }: Evaluators,
): AsyncGenerator<Piece, void> {
  for (const recording of recordings) {
    if (stop.aborted) return;
    yield { chunk: Promise.resolve([await evaluator.evaluate(recording)]) };
  }
  for (const error of errors) yield { chunk: Promise.resolve([{ error }]) };
}
