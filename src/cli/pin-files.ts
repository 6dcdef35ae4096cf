/** The files that `pin` and `drift` look into. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { type Input, loadInputs } from '../files/documents.ts';
import { type FindOptions, findImages, type FoundImages, PIN_NAMES } from '../files/places/find.ts';
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
  for (const { file, found } of files) {
    for (const { line, column, message } of found.faults) errors.push({ file, line, column, message });
  }
  const leading = new Set(files.flatMap(({ found }) => found.pointers));
  for (const pointer of options.helmImages.filter((one) => !leading.has(one)))
    errors.push({
      file: `--helm-image ${pointer}`,
      line: null,
      column: null,
      message: 'leads to nothing in these files',
    });
  return { files, errors };
}

function isNew({ path: file }: Input, seen: Set<string>): boolean {
  if (file === 'stdin') return true;
  const before = seen.size;
  // A pipe has no real path.
  seen.add(existsSync(file) && statSync(file).isFile() ? realpathSync(file) : file);
  return seen.size > before;
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
