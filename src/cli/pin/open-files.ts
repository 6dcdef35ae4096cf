/** Opens the files of `pin` and `drift`. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { type Input, loadInputs } from '../../files/input-texts.ts';
import { type SkippedFile, skippedNotices, mayBeManifest } from '../../files/skipped-files.ts';
import { findImages, PIN_NAMES } from '../../files/image-locations/find.ts';
import { PIN_FORMATS } from '../../files/image-locations/titles.ts';
import type { FileImages, FindOptions } from '../../files/image-locations/format.ts';
import { isReadByKubectl } from '../../files/load-text.ts';
import { uncheckedNotices } from '../../files/unchecked-objects.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { PinErrorRow, PinFileRow } from '../../report/pin.ts';
import { dockerfileBuilds } from './compose-builds.ts';
import { folderOf, type KnownFile, patchesOnly, realPathOf, withIncluded } from './kustomize-files.ts';
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
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
  readonly kustomize: KustomizeFiles;
  /** The given options, with the patch targets and builds of each file. */
  readonly options: FindOptions;
}

/** Opens each file once, even if it is named twice or through two links. */
export async function openFiles(paths: readonly string[], given: FindOptions, terminal: Terminal): Promise<OpenFiles> {
  const texts = new Map<string, NamedText>();
  const errors: PinErrorRow[] = [];
  const again: string[] = [];
  const skipped: SkippedFile[] = [];
  const collect = {
    onSkipped: (one: SkippedFile) => void skipped.push(one),
    onAgain: (file: string) => void again.push(file),
  };
  for await (const input of loadInputs(paths, { stdin: terminal.input(), names: PIN_NAMES, ...collect })) {
    if (input.hidden && !holdsImages(input, given)) skipped.push({ path: input.path, why: 'hidden' });
    else if ('problem' in input) errors.push({ file: input.path, line: null, column: null, message: input.problem });
    else if (input.utf16) errors.push({ file: input.path, line: null, column: null, message: UTF_16 });
    else addText(texts, input);
  }
  // References in a linked kustomization start from the directory of the link.
  for (const file of again) texts.get(realPathOf(file))?.folders.add(folderOf(file));
  const all = await withIncluded(read(texts, given), given);
  const patches = patchesOnly(all);
  const builds = dockerfileBuilds(all);
  const options = {
    ...given,
    patchTargets: (file: string) => patches.get(realPathOf(file)),
    buildsOf: (file: string) => builds.get(realPathOf(file)) ?? [],
  };
  const known = [...all].map(([id, file]): [string, KnownFile] => {
    const text = patches.has(id) || builds.has(id) ? texts.get(id)?.text : undefined;
    return [id, text === undefined ? file : { ...file, found: findImages(file.file, text, options) }];
  });
  const kustomize = indexKustomizations(new Map(known));
  const files = [...texts].map(([id, { file, text }]) => {
    const isNamed = paths.includes(file) || file === 'stdin';
    return { file, text, isNamed, ...kustomize.at(id) };
  });
  errors.push(...files.flatMap(faultsOf), ...lostPointers(files, options));
  const notices = [
    ...files.flatMap(noticesOf),
    ...uncheckedNotices(
      files.flatMap(({ found }) => found.unchecked),
      'read',
    ),
    ...kustomize.notices,
    ...skippedNotices(skipped, 'image that could be pinned'),
    ...(errors.length === 0 ? nothingIn(paths, known) : []),
  ];
  return { files, errors, notices, kustomize, options };
}

/** Reports whether a hidden file contains images, or a manifest that cannot be parsed. Other hidden files are skipped. */
function holdsImages(input: Input, options: FindOptions): boolean {
  if ('problem' in input) return isReadByKubectl(input.problem);
  const { format, faults } = findImages(input.path, input.text, options);
  return faults.length === 0 ? format !== undefined : mayBeManifest(input.text);
}

/** Returns a notice if neither the files nor the kustomizations include an image. */
function nothingIn(paths: readonly string[], known: readonly (readonly [string, KnownFile])[]): readonly PinErrorRow[] {
  if (known.some(([, { found }]) => found.locations.length > 0)) return [];
  return [{ file: paths.join(', '), line: null, column: null, message: 'no images found' }];
}

interface NamedText {
  readonly file: string;
  readonly text: string;
  readonly folders: Set<string>;
}

function addText(texts: Map<string, NamedText>, { path: file, text }: Extract<Input, { readonly text: string }>): void {
  const id = realPathOf(file);
  const named = texts.get(id) ?? { file, text, folders: new Set<string>() };
  texts.set(id, named);
  named.folders.add(folderOf(file));
}

function read(texts: ReadonlyMap<string, NamedText>, options: FindOptions): ReadonlyMap<string, KnownFile> {
  return new Map(
    [...texts].map(([id, { file, text, folders }]) => [
      id,
      { file, folders, found: findImages(file, text, options), isGiven: true },
    ]),
  );
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
