/** The files that `pin` and `drift` look into. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Input, loadInputs } from '../files/documents.ts';
import { type FindOptions, findImages, type FoundImages, PIN_NAMES } from '../files/places/find.ts';
import type { ImagePlace } from '../pinning/place.ts';
import { replacementsIn } from '../pinning/replacements.ts';
import type { PinErrorRow, PinFileRow } from '../report/pins.ts';
import type { Terminal } from './terminal.ts';

export interface OpenFile {
  readonly file: string;
  readonly text: string;
  readonly found: FoundImages;
}

export interface OpenFiles {
  readonly files: readonly OpenFile[];
  readonly errors: readonly PinErrorRow[];
}

/** A file that is named twice, or by two links, is opened once. */
export async function openFiles(
  paths: readonly string[],
  options: FindOptions,
  terminal: Terminal,
): Promise<OpenFiles> {
  const files: OpenFile[] = [];
  const errors: PinErrorRow[] = [];
  const seen = new Set<string>();
  for await (const input of loadInputs(paths, { stdin: terminal.input(), names: PIN_NAMES })) {
    if ('problem' in input) errors.push({ file: input.path, line: null, column: null, message: input.problem });
    else if (isNew(input, seen))
      files.push({ file: input.path, text: input.text, found: findImages(input.path, input.text, options) });
  }
  errors.push(...files.flatMap((one) => faultsOf(one, paths)), ...lostPointers(files, options));
  return { files, errors };
}

function faultsOf({ file, found }: OpenFile, paths: readonly string[]): readonly PinErrorRow[] {
  const rows = found.faults.map(({ line, column, message }) => ({ file, line, column, message }));
  // Whoever names a file means that there is something in it.
  const isNamed = paths.includes(file) || file === 'stdin';
  if (!isNamed || found.format !== undefined || rows.length > 0) return rows;
  return [{ file, line: null, column: null, message: `it holds no image that could be pinned: ${SKIPPED}` }];
}

function lostPointers(files: readonly OpenFile[], { helmImages }: FindOptions): readonly PinErrorRow[] {
  const leading = new Set(files.flatMap(({ found }) => found.pointers));
  return helmImages
    .filter((pointer) => !leading.has(pointer))
    .map((pointer) => {
      const message = 'leads to nothing in these files';
      return { file: `--helm-image ${pointer}`, line: null, column: null, message };
    });
}

function isNew({ path: file }: Input, seen: Set<string>): boolean {
  if (file === 'stdin') return true;
  const before = seen.size;
  seen.add(realPathOf(file));
  return seen.size > before;
}

/** The file itself, whatever links lead there. A pipe has no real path. */
function realPathOf(file: string): string {
  return existsSync(file) && statSync(file).isFile() ? realpathSync(file) : path.resolve(file);
}

/** How a diff names a file: "git apply" follows no symbolic links, and looks below the current directory. */
export function diffPath(file: string): string {
  return file === 'stdin' ? file : path.relative(realpathSync('.'), realPathOf(file));
}

/** "git apply" rejects what lies outside of the current directory. */
export function isOutside(relative: string): boolean {
  return relative.split(path.sep)[0] === '..' || path.isAbsolute(relative);
}

/** A kustomization speaks for what it includes, not for what lies beside it. */
export function replacedAt(files: readonly OpenFile[]): (place: ImagePlace) => ReadonlySet<string> {
  const named = files.map(({ file, found }) => ({ ...found, file: path.resolve(file) }));
  const namesIn = replacementsIn(
    named.filter(({ format }) => format === 'kustomization'),
    { resolve: (file, included) => path.resolve(path.dirname(file), included), folderOf: (file) => path.dirname(file) },
  );
  const names = new Map(named.flatMap(({ file, places }) => places.map((place) => [place, namesIn(file)] as const)));
  return (place) => names.get(place) ?? new Set();
}

export const SKIPPED =
  'no Kubernetes manifest, kustomization, Compose file or Dockerfile; Helm values need --helm-image';

/** Before anything is changed. */
export function fileRow({ file, found }: OpenFile): PinFileRow {
  const { format = null, faults } = found;
  if (faults.length > 0) return { file, format, state: 'failed', message: faults[0]?.message ?? null };
  return format === null
    ? { file, format, state: 'skipped', message: SKIPPED }
    : { file, format, state: 'unchanged', message: null };
}
