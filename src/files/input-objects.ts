/** What the input files contain: objects, kustomizations, and errors; and which files are skipped at once. */
import path from 'node:path';
import { parseBesideReport } from './helm-report.ts';
import { isKustomization } from './kustomization.ts';
import type { Kustomization } from './kustomization-parts.ts';
import type { Input } from './input-texts.ts';
import { chartPart, isChartFile, isChartTemplate, isRenderedPart } from './chart-inputs.ts';
import { canSkip, leaveOutTemplates, type SkipForeign, whyForeign } from './foreign-files.ts';
import type { InputNotice, SkippedFile } from './skipped-files.ts';
import { addObjects, type InputError, type Manifest, type ObjectsAndErrors, unreadable } from './manifest-objects.ts';
import { isCompose, isDockerfile } from './image-file-names.ts';
import type { ImageFileOptions, UnreadImage } from './image-files.ts';
import { withPauses } from './pauses.ts';
import type { RenderOptions } from './rendered-inputs.ts';
import { noticesOfKeys, type RepeatedKey } from './yaml/repeated-keys.ts';
import type { ParsedDocument } from './yaml/yaml.ts';

export interface ReadOptions extends RenderOptions {
  /** Replaces an object when its document is read, so that less of it stays in memory. */
  readonly settle?: ((manifest: Manifest) => Manifest) | undefined;
  /** Files without Kubernetes objects that are skipped; the others are errors. By default, those in directories. */
  readonly skipForeign?: SkipForeign | undefined;
  /** Compose files and Dockerfiles are read as well. */
  readonly imageFiles?: boolean | undefined;
  /** The variables of a Compose file; by default, those of the `.env` file beside it. */
  readonly environmentOf?: ImageFileOptions['environmentOf'];
  /** The absolute paths of files that the command itself reads or writes, such as its configuration; in directories, they are not inputs. */
  readonly ownFiles?: ReadonlySet<string> | undefined;
}

interface InputObjects extends ObjectsAndErrors {
  documents: number;
  /** The number of manifests at the start that are settled. */
  settled: number;
  readonly kustomizations: Kustomization[];
  readonly repeated: InputNotice[];
  readonly unread: UnreadImage[];
  /** It is a Dockerfile, or contains a Compose document. */
  isImageFile: boolean;
  /** The errors that a template expression causes. */
  readonly templates: Set<InputError>;
}

export interface ReadInputs {
  readonly all: InputObjects;
  /** Files that are skipped unless a kustomization explains their content. */
  readonly foreign: Map<string, ForeignFile>;
  readonly read: string[];
  /** Directories and archives. */
  readonly charts: Set<string>;
}

export async function readInputs(
  inputs: AsyncIterable<Input>,
  skipped: SkippedFile[],
  options: ReadOptions,
): Promise<ReadInputs> {
  const found: ReadInputs = { all: nothing(), foreign: new Map(), read: [], charts: new Set() };
  for await (const input of inputs) {
    if (!input.named && options.ownFiles?.has(path.resolve(input.path))) continue;
    if (input.chart !== undefined) found.charts.add(input.chart);
    if (options.renderCharts !== undefined && isRenderedPart(input)) {
      skipped.push({ path: input.path, why: 'part' });
      continue;
    }
    const skips = await addInput(found, input, options);
    if (skips !== undefined) skipped.push(skips);
  }
  return found;
}

/** A file of a chart that is rendered is not left out, also with --strict. */
function isLenient(input: Input, { skipForeign = 'inDirectories', renderCharts }: ReadOptions): boolean {
  return canSkip(input, skipForeign) || (renderCharts !== undefined && isChartFile(input));
}

/** Returns why the input, or a part of it, is skipped at once. */
async function addInput(
  { all, foreign, read }: ReadInputs,
  input: Input,
  options: ReadOptions,
): Promise<SkippedFile | undefined> {
  const lenient = isLenient(input, options);
  if (lenient && isChartTemplate(input)) return chartPart(input, options);
  const loaded = await readInput(input, options);
  await addImageFile(input, loaded, options);
  const why = lenient ? whyForeign(input, loaded) : undefined;
  const leftOut = why === undefined ? undefined : withoutExplanation(input, why, options);
  if (leftOut !== undefined) return leftOut;
  if (why !== undefined) foreign.set(input.path, { path: input.path, why, documents: loaded.documents });
  read.push(input.path);
  const isPartly = lenient && why === undefined && leaveOutTemplates(loaded);
  merge(all, loaded);
  settleBatch(all, options);
  return isPartly ? { path: input.path, why: 'partly' } : undefined;
}

/** Returns how a file is skipped at once; undefined: a kustomization can explain its content. */
function withoutExplanation(input: Input, why: SkippedFile['why'], options: ReadOptions): SkippedFile | undefined {
  if (why === 'hidden') return { path: input.path, why };
  return why === 'foreign' && isChartFile(input) ? chartPart(input, options) : undefined;
}

interface ForeignFile extends SkippedFile {
  readonly documents: number;
}

function nothing(): InputObjects {
  return {
    documents: 0,
    settled: 0,
    kustomizations: [],
    repeated: [],
    unread: [],
    isImageFile: false,
    manifests: [],
    errors: [],
    nonObjects: new Map(),
    templates: new Set(),
  };
}

function merge(all: InputObjects, more: InputObjects): void {
  all.documents += more.documents;
  for (const one of more.kustomizations) all.kustomizations.push(one);
  for (const one of more.repeated) all.repeated.push(one);
  for (const one of more.unread) all.unread.push(one);
  for (const one of more.manifests) all.manifests.push(one);
  for (const one of more.errors) all.errors.push(one);
  for (const [error, is] of more.nonObjects) all.nonObjects.set(error, is);
}

async function readInput(input: Input, options: ReadOptions): Promise<InputObjects> {
  const loaded = nothing();
  const { path: file } = input;
  if ('problem' in input) {
    loaded.errors.push(unreadable(file, input.problem));
    return loaded;
  }
  if (options.imageFiles && isDockerfile(file)) {
    loaded.documents = 1;
    loaded.isImageFile = true;
    return loaded;
  }
  const repeated: RepeatedKey[] = [];
  for await (const document of withPauses(parseBesideReport(input.text))) {
    loaded.documents += 1;
    if (document.ok) repeated.push(...document.repeatedKeys());
    if (!document.ok) addSyntaxError(document, file, loaded);
    else if (options.imageFiles && isCompose(file, document.value)) loaded.isImageFile = true;
    else if (isKustomization(file, document.value)) loaded.kustomizations.push({ file, value: document.value });
    else addObjects(document, file, loaded, options);
    settleBatch(loaded, options);
  }
  loaded.repeated.push(...noticesOfKeys(file, repeated));
  return loaded;
}

/** One object at a time takes more CPU time, and a large batch outlives the young generation (test/bench/README.md). */
const BATCH = 10;

function settleBatch(found: InputObjects, { settle }: ReadOptions): void {
  const { manifests, settled } = found;
  if (settle === undefined || manifests.length - settled < BATCH) return;
  for (const [index, manifest] of manifests.slice(settled).entries()) manifests[settled + index] = settle(manifest);
  found.settled = manifests.length;
}

/** Loads the formats of `pin` only for the files that need them. */
async function addImageFile(input: Input, loaded: InputObjects, options: ReadOptions): Promise<void> {
  if (!loaded.isImageFile || !('text' in input)) return;
  const { path: file, text } = input;
  const { readImageFile } = await import('./image-files.ts');
  const { manifests, unread } = readImageFile(file, text, options);
  for (const one of manifests) loaded.manifests.push(one);
  for (const one of unread) loaded.unread.push(one);
  if (manifests.length > 0) return;
  const error = unreadable(file, 'not a Dockerfile: its first line is not an instruction');
  loaded.errors.push(error);
  loaded.nonObjects.set(error, 'foreign');
}

function addSyntaxError(
  { line, column, index, problem, isTemplate }: Extract<ParsedDocument, { readonly ok: false }>,
  file: string,
  loaded: InputObjects,
): void {
  const error = { file, line, column, document: index + 1, message: problem };
  loaded.errors.push(error);
  if (isTemplate) loaded.templates.add(error);
}
