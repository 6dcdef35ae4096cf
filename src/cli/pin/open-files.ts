/** Opens the files of `pin` and `drift`. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isChartTemplate } from '../../files/chart-inputs.ts';
import { canSkip, type SkipForeign, whyUnread } from '../../files/foreign-files.ts';
import { isComposeName } from '../../files/image-file-names.ts';
import { type Input, loadInputs, type LoadOptions } from '../../files/input-texts.ts';
import { type SkippedFile, skippedNotices, mayBeManifest } from '../../files/skipped-files.ts';
import { findImages, NOTHING_FOUND, PIN_NAMES } from '../../files/image-locations/find.ts';
import { PIN_FORMATS } from '../../files/image-locations/titles.ts';
import type { FileImages, FindOptions } from '../../files/image-locations/format.ts';
import { misshapenObjects } from '../../files/misshapen-objects.ts';
import { uncheckedNotices } from '../../files/unchecked-objects.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { PinErrorRow, PinFileRow } from '../../report/pin.ts';
import { dockerfileBuilds } from './compose-builds.ts';
import { folderOf, type KnownFile, patchesOnly, realPathOf, withIncluded } from '../../files/kustomize-files.ts';
import { indexKustomizations, type KustomizeFiles } from './kustomize-index.ts';
import type { Terminal } from '../terminal.ts';

export interface OpenFile {
  readonly file: string;
  readonly text: string;
  readonly found: FileImages;
  /** The locations of `found`; an entry in a kustomization has the image that results from the manifests. */
  readonly locations: readonly ImageLocation[];
  /** Whether the user named the file itself, so that a file without images is an error. */
  readonly isNamed: boolean;
}

export interface OpenFiles {
  readonly files: readonly OpenFile[];
  /** The files that cannot be read, which are also errors. */
  readonly unread: readonly PinFileRow[];
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
  readonly kustomize: KustomizeFiles;
  /** The files and those that kustomizations include, by their real paths. */
  readonly known: ReadonlyMap<string, KnownFile>;
  /** The given options, with the patch targets and builds of each file. */
  readonly options: FindOptions;
}

export interface OpenOptions extends FindOptions, Pick<LoadOptions, 'rulesFor'> {
  /** Which files without images are skipped. */
  readonly skipForeign?: SkipForeign | undefined;
}

/** Opens each file once, even if it is named twice or through two links. */
export async function openFiles(
  paths: readonly string[],
  { rulesFor, skipForeign = 'inDirectories', ...given }: OpenOptions,
  terminal: Terminal,
): Promise<OpenFiles> {
  const { texts, errors, skipped } = await openTexts(paths, { rulesFor, skipForeign, ...given }, terminal);
  const unread = unreadRows(errors);
  const all = await withIncluded(opened(texts), given);
  const patches = patchesOnly(all);
  const builds = dockerfileBuilds(all);
  const options = {
    ...given,
    patchTargets: (file: string) => patches.get(realPathOf(file)),
    buildsOf: (file: string) => builds.get(realPathOf(file)) ?? [],
  };
  const known = [...all].map(([id, file]): [string, KnownFile] => {
    const again = patches.has(id) || builds.has(id) ? texts.get(id) : undefined;
    return [id, again === undefined ? file : { ...file, found: imagesIn({ path: file.file, ...again }, options) }];
  });
  const knownFiles = new Map(known);
  const kustomize = indexKustomizations(knownFiles);
  const files = [...texts].map(([id, { file, text }]) => {
    const isNamed = !canSkip({ named: paths.includes(file) || file === 'stdin' }, skipForeign);
    return { file, text, isNamed, ...kustomize.at(id) };
  });
  errors.push(...files.flatMap(faultsOf), ...lostPointers(files, options));
  const notices = [
    ...files.flatMap(noticesOf),
    ...uncheckedNotices(
      [
        ...files.flatMap(({ found }) => found.unchecked),
        ...misshapenObjects(files.flatMap(({ found }) => found.misshapen)),
      ],
      'read',
    ),
    ...kustomize.notices,
    ...skippedNotices(skipped, 'image that could be pinned'),
    ...(errors.length === 0 ? nothingIn(paths, known) : []),
  ];
  return { files, unread, errors, notices, kustomize, known: knownFiles, options };
}

/** The same files with other texts. */
export function withTexts(given: OpenFiles, texts: ReadonlyMap<OpenFile, string>): OpenFiles {
  if (texts.size === 0) return given;
  const { options } = given;
  const changed = new Map(
    [...texts].map(([{ file }, text]) => [realPathOf(file), { text, found: findImages(file, text, options) }] as const),
  );
  const known = new Map(
    [...given.known].map(([id, file]): [string, KnownFile] => [id, { ...file, ...pickFound(changed.get(id)) }]),
  );
  const kustomize = indexKustomizations(known);
  const files = given.files.map((one) => {
    const id = realPathOf(one.file);
    return { ...one, text: changed.get(id)?.text ?? one.text, ...kustomize.at(id) };
  });
  return { ...given, files, kustomize, known };
}

function pickFound(changed: { readonly found: FileImages } | undefined): Partial<Pick<KnownFile, 'found'>> {
  return changed === undefined ? {} : { found: changed.found };
}

interface OpenTexts {
  readonly texts: ReadonlyMap<string, NamedText>;
  readonly errors: PinErrorRow[];
  readonly skipped: readonly SkippedFile[];
}

interface TextOptions extends OpenOptions {
  readonly skipForeign: SkipForeign;
}

async function openTexts(paths: readonly string[], options: TextOptions, terminal: Terminal): Promise<OpenTexts> {
  const texts = new Map<string, NamedText>();
  const errors: PinErrorRow[] = [];
  const again: string[] = [];
  const skipped: SkippedFile[] = [];
  const load = {
    stdin: terminal.input(),
    names: PIN_NAMES,
    rulesFor: options.rulesFor,
    onSkipped: (one: SkippedFile) => void skipped.push(one),
    onAgain: (file: string) => void again.push(file),
  };
  for await (const input of loadInputs(paths, load)) addInput({ texts, errors, skipped }, input, options);
  // References in a linked kustomization start from the directory of the link.
  for (const file of again) texts.get(realPathOf(file))?.folders.add(folderOf(file));
  return { texts, errors, skipped };
}

/** Leaves out the documents that are templates, as `check` does in directories. */
function withoutTemplates(found: FileImages): FileImages {
  return { ...found, faults: found.faults.filter(({ isTemplate }) => isTemplate !== true) };
}

function imagesIn({ path: file, text, isPartly }: Omit<FoundText, 'found'>, options: FindOptions): FileImages {
  const found = findImages(file, text, options);
  return isPartly ? withoutTemplates(found) : found;
}

/** A file that cannot be read counts, as in `check`. */
function unreadRows(errors: readonly PinErrorRow[]): readonly PinFileRow[] {
  return errors.map(({ file, message }) => ({ file, format: null, state: 'failed', message }));
}

/** To add to. */
interface Opened {
  readonly texts: Map<string, NamedText>;
  readonly errors: PinErrorRow[];
  readonly skipped: SkippedFile[];
}

function addInput({ texts, errors, skipped }: Opened, input: Input, options: TextOptions): void {
  const found = 'problem' in input ? NOTHING_FOUND : findImages(input.path, input.text, options);
  const why = canSkip(input, options.skipForeign) ? whySkipped(input, found) : undefined;
  if (why !== undefined) skipped.push({ path: input.path, why, within: why === 'chart' ? input.chart : undefined });
  if (why !== undefined && why !== 'partly') return;
  const message = whyUnopened(input);
  if (message !== undefined) errors.push({ file: input.path, line: null, column: null, message });
  else if ('text' in input) addText(texts, { ...input, isPartly: why === 'partly', found });
}

function whyUnopened(input: Input): string | undefined {
  if ('problem' in input) return input.problem;
  return input.utf16 ? UTF_16 : undefined;
}

/** Returns why a file in a directory, or a part of it, is not opened; files of other formats have a row and no error. */
function whySkipped(input: Input, found: FileImages): SkippedFile['why'] | undefined {
  if (isChartTemplate(input)) return 'chart';
  if ('problem' in input) return whyUnread(input);
  const why = found.format === undefined ? whyForeign(input, found) : undefined;
  if (why !== undefined || input.utf16) return why;
  return found.faults.some(({ isTemplate }) => isTemplate) ? 'partly' : undefined;
}

function whyForeign(input: TextInput, { faults }: FileImages): SkippedFile['why'] | undefined {
  const why = input.hidden ? 'hidden' : 'foreign';
  if (faults.length === 0) return input.hidden || input.utf16 ? why : undefined;
  if (!mayHoldImages(input)) return why;
  return faults.every(({ isTemplate }) => isTemplate) ? 'template' : undefined;
}

type TextInput = Extract<Input, { readonly text: string }>;

/** Reports whether a file that cannot be parsed may be of a format that has images. */
function mayHoldImages({ path: file, text }: TextInput): boolean {
  return mayBeManifest(file, text) || isComposeName(path.basename(file)) || /\bimages?\b/.test(text);
}

/** Returns a notice if neither the files nor the kustomizations include an image. */
function nothingIn(paths: readonly string[], known: readonly (readonly [string, KnownFile])[]): readonly PinErrorRow[] {
  if (known.some(([, { found }]) => found.locations.length > 0)) return [];
  return [{ file: paths.join(', '), line: null, column: null, message: 'no images found' }];
}

interface NamedText {
  readonly file: string;
  readonly text: string;
  /** Some documents are templates, and left out. */
  readonly isPartly: boolean;
  readonly found: FileImages;
  readonly folders: Set<string>;
}

interface FoundText extends Pick<NamedText, 'text' | 'isPartly' | 'found'> {
  readonly path: string;
}

function addText(texts: Map<string, NamedText>, { path: file, text, isPartly, found }: FoundText): void {
  const id = realPathOf(file);
  const named = texts.get(id) ?? {
    file,
    text,
    isPartly,
    found: isPartly ? withoutTemplates(found) : found,
    folders: new Set<string>(),
  };
  texts.set(id, named);
  named.folders.add(folderOf(file));
}

function opened(texts: ReadonlyMap<string, NamedText>): ReadonlyMap<string, KnownFile> {
  return new Map([...texts].map(([id, { file, folders, found }]) => [id, { file, folders, found, isGiven: true }]));
}

function noticesOf({ file, found }: OpenFile): readonly PinErrorRow[] {
  return found.notices.map(({ line, column, message }) => ({ file, line, column, message }));
}

function faultsOf({ file, found, isNamed }: OpenFile): readonly PinErrorRow[] {
  const rows = found.faults.map(({ line, column, message }) => ({ file, line, column, message }));
  if (!isNamed || found.format !== undefined || rows.length > 0) return rows;
  return [{ file, line: null, column: null, message: NOTHING_IN_IT }];
}

function lostPointers(files: readonly OpenFile[], { helmImages }: FindOptions): readonly PinErrorRow[] {
  const leading = new Set(files.flatMap(({ found }) => found.pointers));
  return helmImages
    .filter((pointer) => !leading.has(pointer))
    .map((pointer) => {
      const message = 'matches nothing in these files';
      return { file: `--helm-image ${pointer}`, line: null, column: null, message };
    });
}

/** Returns the path of a file in a diff. "git apply" does not follow symbolic links, and starts from the current directory. */
export function diffPath(file: string): string {
  return file === 'stdin' ? file : path.relative(realpathSync('.'), realPathOf(file));
}

/** The reason why a diff needs another directory. */
export const OUTSIDE =
  'the file is outside the current directory, so "git apply" rejects its diff; run tidewaiter in a directory that contains the file, or use --write';

/** Reports whether a path is outside the current directory, where "git apply" rejects it. */
export function isOutside(relative: string): boolean {
  return relative.split(path.sep)[0] === '..' || path.isAbsolute(relative);
}

export const SKIPPED = `not a ${PIN_FORMATS}; Helm values need --helm-image`;

const UTF_16 = 'the file is UTF-16; save it as UTF-8';

const NOTHING_IN_IT = `no images to pin: ${SKIPPED}`;

/** Returns the row of a file before changes. */
export function fileRow({ file, found, isNamed }: Pick<OpenFile, 'file' | 'found' | 'isNamed'>): PinFileRow {
  const { format = null, faults } = found;
  if (faults.length > 0) return { file, format, state: 'failed', message: faults[0]?.message ?? null };
  if (format === null && isNamed) return { file, format, state: 'failed', message: NOTHING_IN_IT };
  return format === null
    ? { file, format, state: 'skipped', message: SKIPPED }
    : { file, format, state: 'unchanged', message: null };
}
