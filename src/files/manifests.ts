/** Converts manifests, lists, and recorded reviews in files to admission requests with locations, and reports skipped inputs. */
import { partsOfKustomizations } from './kustomization-parts.ts';
import { type Archive, CHECKED_NAMES, type Input, loadInputs, type LoadOptions } from './input-texts.ts';
import { packedCharts } from './chart-inputs.ts';
import { readInputs, type ReadOptions } from './input-objects.ts';
import { type InputNotice, isWhole, type SkippedFile, skippedNotices } from './skipped-files.ts';
import type { InputError, Manifest } from './manifest-objects.ts';
import type { UnreadImage } from './image-files.ts';
import { interruptedAt } from './interrupted.ts';
import { builtFrom, type RenderedInputs, renderedIn } from './rendered-inputs.ts';
import { uncheckedNotices, uncheckedObjects } from './unchecked-objects.ts';
import type { KindTable } from '../pod/kinds.ts';

export type { InputError, Manifest };

export interface Manifests {
  /** Files that were read, or should have been, without those that contain no Kubernetes object. */
  readonly files: number;
  readonly documents: number;
  readonly kustomizations: number;
  /** Rendered or not. */
  readonly charts: number;
  /** The given kinds, and those that were guessed. */
  readonly kinds: KindTable;
  readonly manifests: readonly Manifest[];
  readonly errors: readonly InputError[];
  /** Inputs that are not evaluated, or that have another meaning than expected. */
  readonly notices: readonly InputNotice[];
  /** `stop` has left some inputs out; the errors name the first ones. */
  readonly isInterrupted: boolean;
  /** The paths of all inputs, sorted. */
  readonly listed: readonly ListedFile[];
}

/** A path that was found or named. */
export interface ListedFile {
  readonly path: string;
  /** undefined: it is read. */
  readonly skipped: SkippedFile['why'] | undefined;
}

export interface ManifestOptions extends CollectOptions {
  /** The input for `-`. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly rulesFor?: LoadOptions['rulesFor'];
  /** Packed Helm charts are found as well. */
  readonly findCharts?: boolean | undefined;
  /** Returns the text to evaluate instead of that of a file; undefined: that of the file. */
  readonly textOf?: ((file: string) => string | undefined) | undefined;
}

export async function loadManifests(paths: readonly string[], options: ManifestOptions): Promise<Manifests> {
  const skipped: SkippedFile[] = [];
  const archives: Archive[] = [];
  const left: string[] = [];
  const onSkipped = (one: SkippedFile): void => void skipped.push(one);
  const onArchive = (one: Archive): void => void archives.push(one);
  const onLeft = (file: string): void => void left.push(file);
  const { stdin, rulesFor, imageFiles, findCharts, textOf, stop } = options;
  const names = imageFiles ? { names: CHECKED_NAMES } : {};
  const charts = findCharts ? { onArchive } : {};
  const inputs = loadInputs(paths, { stdin, rulesFor, onSkipped, stop, onLeft, ...names, ...charts });
  const texts = textOf === undefined ? inputs : withTexts(inputs, textOf);
  return collectManifests(texts, { skipped, archives, left }, options);
}

async function* withTexts(
  inputs: AsyncIterable<Input>,
  textOf: NonNullable<ManifestOptions['textOf']>,
): AsyncGenerator<Input> {
  for await (const input of inputs) {
    const text = 'problem' in input ? undefined : textOf(input.path);
    yield 'problem' in input || text === undefined ? input : { ...input, text };
  }
}

export interface CollectOptions extends ReadOptions {
  /** Kinds that the table does not have are evaluated where they seem to have images. */
  readonly guessKinds?: boolean | undefined;
}

/** What `inputs` leaves out; it is complete when the last input was read. */
interface LeftOut {
  readonly skipped: SkippedFile[];
  readonly archives: readonly Archive[];
  /** Paths that are not read because of `stop`. */
  readonly left: string[];
}

export async function collectManifests(
  inputs: AsyncIterable<Input>,
  { skipped, archives, left: unread }: LeftOut,
  options: CollectOptions,
): Promise<Manifests> {
  const { all, foreign, read, charts } = await readInputs(inputs, skipped, options);
  const plain = partsOfKustomizations(all, options.kinds);
  const built = await builtFrom(all.kustomizations, plain.manifests, options);
  const { errors, without } = plain;
  const left = [...new Set(errors.map(({ file }) => file))].flatMap((file) => foreign.get(file) ?? []);
  const packed = await packedCharts(archives, { stop: options.stop, onLeft: (file) => void unread.push(file) });
  for (const chart of packed.charts) charts.add(chart);
  const rendered = await renderedIn(charts, options);
  const alone = plain.manifests.filter(({ file }) => !built.covers(file));
  const manifests = [...alone, ...built.manifests, ...rendered.manifests];
  skipped.push(...without, ...left, ...built.skipped, ...rendered.skipped, ...packed.skipped);
  if (options.renderCharts === undefined)
    for (const chart of packed.charts) skipped.push({ path: chart, why: 'chart' });
  const interrupted = interruptions({ unread, rendered, built });
  const { kinds, notices: guessed } = await kindsOf(manifests, options);
  const reasons = new Map(skipped.filter(isWhole).map(({ path, why }) => [path, why]));
  return {
    files: read.filter((file) => !foreign.has(file) || !reasons.has(file)).length + rendered.files,
    documents:
      left.reduce((sum, { documents }) => sum - documents, all.documents) + rendered.documents + built.documents,
    kustomizations: all.kustomizations.length,
    charts: charts.size,
    manifests,
    errors: [
      ...errors.filter(({ file }) => !foreign.has(file)),
      ...built.errors,
      ...rendered.errors,
      ...packed.errors,
      ...interrupted,
    ],
    isInterrupted: interrupted.length > 0,
    kinds,
    notices: [
      ...all.repeated.filter(({ file }) => !foreign.has(file)),
      ...uncheckedNotices(uncheckedObjects(manifests, kinds), 'evaluated'),
      ...guessed,
      ...(await noticesOf(all.unread)),
      ...skippedNotices(skipped, 'Kubernetes object'),
    ],
    listed: [...new Set([...read, ...reasons.keys()])].sort().map((path) => ({ path, skipped: reasons.get(path) })),
  };
}

interface Interrupted {
  readonly unread: readonly string[];
  readonly rendered: RenderedInputs;
  readonly built: RenderedInputs;
}

function interruptions({ unread, rendered, built }: Interrupted): readonly InputError[] {
  return [
    ...interruptedAt(unread, 'path', 'read'),
    ...interruptedAt(rendered.left, 'chart', 'rendered'),
    ...interruptedAt(built.left, 'kustomization', 'built'),
  ];
}

async function kindsOf(
  manifests: readonly Manifest[],
  { kinds, guessKinds }: CollectOptions,
): Promise<{ readonly kinds: KindTable; readonly notices: readonly InputNotice[] }> {
  return guessKinds ? (await import('./guessed-kinds.ts')).guessKinds(kinds, manifests) : { kinds, notices: [] };
}

async function noticesOf(unread: readonly UnreadImage[]): Promise<readonly InputNotice[]> {
  return unread.length === 0 ? [] : (await import('./image-files.ts')).unreadNotices(unread);
}
